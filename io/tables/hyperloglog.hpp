// SPDX-License-Identifier: BSD-3-Clause
// About how many different values there are: HyperLogLog (P. Flajolet, É. Fusy, O. Gandouet, F. Meunier:
// HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm. AofA 2007).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ramal::detail {

/// Of hashes, of which there are as many as different values. Up to 511 of them are kept, and counted; of
/// more there are 4096 registers, and the standard error of the estimate is 1.04 / sqrt(4096), 1.6 %. What
/// it is hangs on the set of hashes alone, not on their order or on how they were put together.
class DistinctSketch {
 public:
  /// O(1) on average.
  void add(std::uint64_t hash);
  /// Adds what another has seen. O(4096) at most.
  void merge(const DistinctSketch& other);
  /// Sorts what is kept, which `estimate` and Codecs need.
  void finish();
  /// By the improved estimator of O. Ertl: New cardinality estimation algorithms for HyperLogLog sketches.
  /// arXiv:1702.01284, 2017. It needs no tables of biases.
  std::int64_t estimate() const;

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& hashes_& registers_;
  }

 private:
  void add_to_registers(std::uint64_t hash);

  std::vector<std::uint64_t> hashes_;    ///< while there are few
  std::vector<std::uint8_t> registers_;  ///< else
};

}  // namespace ramal::detail
