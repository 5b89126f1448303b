// SPDX-License-Identifier: BSD-3-Clause
// Reads and Readers: how the functions that a user gives to `family<f>` say what each member reads.
//
//   struct Downhill {                                     // a member reads its own place and the next
//     void operator()(const Index& at, Reads& reads) const {
//       reads(0, at);                                     // source 0, for f's first parameter but the place
//       if (at[0] + 1 < length) reads(0, Index(at[0] + 1));
//     }
//     void inverse(std::uint32_t k, const Index& at, Readers& readers) const {
//       readers(at);                                      // who reads source 0 there; may be left out
//       readers(Index(at[0] - 1));
//     }
//     std::int64_t length;
//   };
//   family<f>(length, Downhill{length}, source);          // f(const Index&, Inputs<T>)
//
// Such functions are called on every rank, in any thread and any number of times, and must depend on nothing
// but their arguments and their own plain memory: ranks find out who needs what by evaluating them, not by
// messages. See <ramal/family.hpp>.
#pragma once

#include <ramal/index.hpp>

#include <string>
#include <vector>

namespace ramal {

/// Gathers what one member reads. A user's function is given one and calls it, `reads(k, place)`, and `self`,
/// once for each result that is read. The order of calls is the order of f's parameters, and of what an
/// Inputs holds. A place has as many dimensions as what it is a place of: the k-th source's extent, or the
/// family's.
///
/// Nothing here throws for what cannot be read: the member fails instead, with a TaskError that says why and
/// names its place, once it is asked for. Of several such mistakes the first counts. A function that throws
/// makes its member fail likewise.
///
/// Each call is O(1). One thread at a time; it lives no longer than the call that it is given to.
class Reads {
 public:
  /// Says that the member reads the result at `place` of the k-th source, counted from 0 in the order in
  /// which they were given to `family<f>`, for f's k-th parameter after the place. The same may be read
  /// twice. The member fails if there is no such source, if the place is outside of its extent, or if it is
  /// further away than the reach that the family states (FamilyOptions::reach), which holds for sources of
  /// the family's dimensions and more than one member.
  void operator()(std::uint32_t k, const Index& place) { add(k, place, k); }
  /// Says that the member reads an earlier one of the family itself: one whose place comes before its own,
  /// row by row, so that there are no cycles. It is for the parameter after those of the sources; for the
  /// last, if there is none. The member fails if its place is not before its own, or if the family is not
  /// known to read itself (FamilyOptions::reads_itself).
  void self(const Index& place) {
    named_itself_ = true;
    if (!reads_itself_) {
      refuse("reads " + place.text() +
             " of its own family, which is not known to read itself: give its function a parameter more "
             "than it has sources, or say .with({.reads_itself = true})");
      return;
    }
    const auto itself = static_cast<std::uint32_t>(shapes_.size() - 1);
    add(itself, place, itself);
    if (all_.empty() || !problem_.empty()) return;
    if (all_.back().number >= own_number_)
      refuse("reads " + place.text() + " of its own family, which is not before it");
  }

  // --- for Ramal's own use: patterns, and who evaluates them ---

  /// One result that is read.
  struct Read {
    std::uint32_t source;     ///< which of the family's sources
    std::uint32_t parameter;  ///< which of its function's parameters, not counting a place
    std::int64_t number;      ///< of the place within the source
  };

  /// Takes the lengths of the sources; the last of them is the family itself, if it reads itself.
  Reads(std::vector<Index> shapes, bool reads_itself)
      : shapes_(std::move(shapes)), reads_itself_(reads_itself) {}
  /// Forgets what was gathered, and begins with the member of that number. Keeps its memory.
  void begin(std::int64_t own_number) {
    all_.clear();
    problem_.clear();
    own_number_ = own_number;
    reach_.dims = 0;
    named_itself_ = false;
  }
  /// From here on refuses what is further from `place` than the reach that the family states. Sources of
  /// other dimensions, or of one place, have no distance and are not bound by it.
  void keep_within(const Index& reach, const Index& place) {
    reach_ = reach;
    own_place_ = place;
  }

  /// The same for patterns, in which the parameter may be another than the source.
  void add(std::uint32_t source, const Index& place, std::uint32_t parameter) {
    if (source >= shapes_.size()) {
      refuse("reads source " + std::to_string(source) + " of " + std::to_string(shapes_.size()));
    } else if (!shapes_[source].contains(place)) {
      refuse("reads " + place.text() + " of a source of extent " + shapes_[source].text());
    } else if (reach_.dims == place.dims && is_far(place) && shapes_[source].volume() > 1) {
      refuse("reads " + place.text() + " of source " + std::to_string(source) + ", which is further than " +
             reach_.text() + ", the reach that its family states");
    } else {
      all_.push_back({source, parameter, shapes_[source].number_of(place)});
    }
  }
  /// The same by number, unchecked, for patterns that cannot be wrong.
  void add_number(std::uint32_t source, std::int64_t number, std::uint32_t parameter) {
    all_.push_back({source, parameter, number});
  }
  /// The member is to fail with this; the first problem counts.
  void refuse(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  /// What was gathered since `begin`, in the order of the calls.
  const std::vector<Read>& all() const { return all_; }
  std::vector<Read>& all() { return all_; }
  /// What is wrong with it; empty if nothing is.
  const std::string& problem() const { return problem_; }
  /// `self` was called since `begin`.
  bool named_itself() const { return named_itself_; }
  /// The lengths of a source.
  const Index& shape(std::size_t source) const { return shapes_[source]; }

 private:
  bool is_far(const Index& place) const {
    for (int d = 0; d < place.dims; ++d)
      if (place[d] < own_place_[d] - reach_[d] || place[d] > own_place_[d] + reach_[d]) return true;
    return false;
  }

  std::vector<Index> shapes_;
  std::vector<Read> all_;
  std::string problem_;
  bool reads_itself_;
  bool named_itself_ = false;
  std::int64_t own_number_ = 0;
  Index reach_;  // without dimensions: anywhere
  Index own_place_;
};

/// Gathers who reads one member, for a dependence that knows its own inverse: it has a member function
/// `inverse(k, place, readers)`, which calls `readers(p)` for each place p whose member reads what is at
/// `place` of the k-th source; k is the number of sources for the family itself. Then ranks find out who
/// reads their members at the cost of these calls, rather than by looking at all members.
///
/// Naming too many costs time and is no mistake; a reader that is not named fails with a TaskError where what
/// it reads is another rank's. One thread at a time.
class Readers {
 public:
  /// Appends to `boxes`, which must outlive it. For Ramal's own use.
  explicit Readers(std::vector<Region>& boxes) : boxes_(boxes) {}
  /// Says that the member at this place of the family reads it. A place out of range counts for nothing, so
  /// that edges need no care. O(1).
  void operator()(const Index& place) { boxes_.push_back(Region::of(place)); }

 private:
  std::vector<Region>& boxes_;
};

}  // namespace ramal
