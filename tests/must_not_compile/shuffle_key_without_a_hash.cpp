// expect: ramal: a key must be a number, a text, a pair
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/shuffle.hpp>

struct Place {
  char kind;
  double distance;
  bool operator==(const Place&) const = default;
#ifdef FIXED
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& kind& distance;
  }
#endif
};
std::vector<double> distances(long) { return {1.5}; }
Place place_of(const double& distance) { return {'x', distance}; }
auto by_place = ramal::shuffle_by<place_of>(ramal::family<distances>(3), 2);
