// SPDX-License-Identifier: BSD-3-Clause
// Dependence: what a family's members read, as functions of their places. FamilyNode: one family. The
// families that people use have patterns whose readers are known: `readers` gives a box that holds all who
// read a box.
#pragma once

#include <ramal/delayed.hpp>
#include <ramal/reads.hpp>

#include <optional>

namespace ramal {
namespace detail {

struct FamilyNode;

/// What a handle to a family sees: the family, or one row of its first dimension, or the family without
/// dimensions of length 1. The members seen have consecutive numbers.
struct FamilyView {
  std::shared_ptr<const FamilyNode> node;
  std::int64_t base = 0;  ///< number of its first member
  Index shape;

  /// The whole family.
  static FamilyView of(std::shared_ptr<const FamilyNode> node);
  /// The last row, without the first dimension.
  FamilyView last_step() const;
  /// The same members without that dimension, whose length must be 1.
  FamilyView without(int axis) const;
  /// A new family, the same but for its wishes.
  FamilyView annotated(Annotation wishes, std::source_location where) const;
};

/// What a family reads of: another, or one handle. A handle to another's member is both: the member, unless
/// its value is kept.
struct FamilySource {
  FamilyView view;
  TaskHandle task;

  bool is_handle() const {
    return task.get() != nullptr && (view.node == nullptr || task.get()->residence() != nullptr);
  }
};

/// What is known of a family's members beyond what they read; see FamilyOptions.
struct FamilyTraits {
  bool reads_itself = false;
  Annotation wishes = {};
  bool steps = false;
  std::int64_t period = 0;
  std::int64_t periodic_from = 0;
  bool placed_in_time = false;  ///< its function's places begin with the step of the loop that it is in
};

struct Loop;

/// One family: immutable once made, but for what belongs to the session. Shared by counting, by the handles
/// to it and the families that read it.
struct FamilyNode {
  const Kind* kind = nullptr;
  Index extent;
  std::vector<FamilySource> sources;
  std::vector<std::byte> closure;  ///< the state of its dependence, as plain memory
  std::source_location where;
  FamilyTraits traits;
  std::vector<TaskHandle> tasks;  ///< of a family of existing handles, which has no sources
  /// For a family that a loop leaves: the loop, and which of its states. Its sources are all that the loop
  /// reads.
  std::shared_ptr<const Loop> loop;
  std::uint32_t state = 0;
  bool is_state = false;  ///< stands for a state within the loop's function
  /// The session's: where its members are kept.
  mutable std::unique_ptr<Residence> residence;
  mutable bool gave_up = false;       ///< as Task::gave_up
  mutable std::uint32_t attempt = 1;  ///< as Task::attempt

  void begin_next_attempt() const {
    if (attempt < last_attempt) ++attempt;
  }

  std::string_view name() const {
    return traits.wishes.name.empty() ? kind->name : std::string_view(traits.wishes.name);
  }
  /// Frees families that only this one needs, without recursion.
  ~FamilyNode();
};

/// a / b, rounded down.
inline std::int64_t floor_quotient(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

/// How places go together with those of what they read: a member reads, of each source that has more than
/// one, in each dimension at most the places from `(place * width + low) / per` to `(place * width + high) /
/// per`, both rounded down, and beyond an end from the other, if it `wraps`:
///
///   map       width 1, all else 0            stencil   width 1, low and high: its offsets
///   reduce    width: its arity, high: 1 less     coarsen   width: its block, high: 1 less
///   blocks    width / per: how many of a source are as long as one of an array that is cut otherwise
///
/// So ranks that go through such families chunk by chunk know which chunk of a source a member's values are
/// from.
struct Alignment {
  Index width, per, low, high;
  bool wraps = false;

  /// A member reads its own place alone, in so many dimensions.
  static Alignment own_place(int dims) {
    Alignment alignment;
    alignment.width.dims = alignment.per.dims = alignment.low.dims = alignment.high.dims = dims;
    alignment.width.at.fill(1);
    alignment.per.at.fill(1);
    return alignment;
  }
  /// It reads so many places, one after the other.
  void read_groups(int dim, std::int64_t places) {
    width[dim] = places;
    high[dim] = places - 1;
  }
  /// It reads all of so many places.
  void read_all(int dim, std::int64_t places) {
    read_groups(dim, places);
    width[dim] = 0;
  }
};
/// The alignment of a family of so many dimensions with one of its sources; nothing if their places do not go
/// together.
using Alignments = std::optional<Alignment> (*)(const std::byte* closure, int dims, std::uint32_t source);
inline std::optional<Alignment> own_place(const std::byte*, int dims, std::uint32_t) {
  return Alignment::own_place(dims);
}

/// For each dimension of a family, along which of a source its members lie, the first where the first are;
/// below 0: along none.
using Along = std::array<std::int8_t, Index::most_dims>;

/// A constant per pattern; see Kind::dependence.
struct Dependence {
  void (*reads)(const std::byte* closure, const Index& place, Reads& out);
  /// Boxes with all places that read some place of `of`, a box within the source, which has more than one
  /// place. They may reach beyond the extent.
  void (*readers)(const std::byte* closure, const Index& extent, std::uint32_t source, const Region& of,
                  std::vector<Region>& boxes);
  /// A user's word on how many steps back members read of their own family at most; 0: not known.
  std::int64_t (*lag)(const std::byte* closure) = nullptr;
  /// Null, or a function that gives nothing: its places do not go together with those of what it reads.
  Alignments alignment = nullptr;
  /// Where there is a dimension of steps, members read their own step of other families, or earlier ones.
  bool in_time = false;
  /// `readers` is a user's word, and is checked.
  bool by_inverse = false;
  /// Each member reads all of a source, or a part of every row.
  bool reads_widely = false;
  /// Appends what stands in a member's literals, for a kind that reads them itself. Null: its place and how
  /// many inputs each parameter has.
  void (*literals)(const std::byte* closure, const Index& place, std::vector<std::byte>& out) = nullptr;
  /// Null, or what tells where a family of another extent than its source's is best cut: where that is.
  Along (*along)(const std::byte* closure, std::uint32_t source) = nullptr;
  /// Null, or `reads` for a family of one source, told a box of that: what lies elsewhere may be left out.
  /// For members that read so much that whoever has a part of it should not go through all.
  void (*reads_within)(const std::byte* closure, const Index& place, const Region& of, Reads& out) = nullptr;
  /// Null, or what fits a family that no user sees to the number of ranks before it is planned: its extent,
  /// and its closure. No user's result may depend on it. Such a family is cut along its first dimension.
  /// Within a loop it stays as it was made.
  void (*fit)(std::uint32_t ranks, Index& extent, std::vector<std::byte>& closure) = nullptr;

  std::int64_t known_lag(const std::byte* closure) const { return lag != nullptr ? lag(closure) : 0; }
  std::optional<Alignment> known_alignment(const std::byte* closure, int dims, std::uint32_t source) const {
    return alignment != nullptr ? alignment(closure, dims, source) : std::nullopt;
  }
  /// To find who reads a part of a source all members have to be looked at. Only a user's has a lag.
  bool looks_at_all(const std::byte* closure, int dims, int source_dims) const {
    const bool is_untold =
        lag != nullptr && !by_inverse && (dims != source_dims || !known_alignment(closure, dims, 0));
    return reads_widely || is_untold;
  }
};

void check_family(const FamilyNode& node);
/// Some member of a user's dependence calls `Reads::self`, as far as a few dozen members tell: the first
/// ones, the last ones and some between. One that is not among them is refused when it is made.
bool calls_self(const Dependence& dependence, const std::vector<std::byte>& closure, const Index& extent,
                const std::vector<FamilySource>& sources);
[[noreturn]] void refuse_family(const std::string& problem, std::source_location where);
void expect_dims(const Index& extent, int dims, const char* what, std::source_location where);
void expect_positive(std::int64_t number, const char* what, std::source_location where);
void check_reduction(const Index& extent, int axis, std::int64_t arity, std::source_location where);
/// A place of a step, and within it; lengths alike.
Index at_step(std::int64_t step, const Index& within);
Index within_step(const Index& place);
FamilySource single_source(TaskHandle task);
FamilyView family_of_tasks(const Kind& kind, std::vector<TaskHandle> tasks, const Index& extent,
                           std::source_location where);
/// A handle to one member.
TaskHandle member_task(const Kind& kind, const FamilyView& view, const Index& place);

// --- patterns ---------------------------------------------------------------------------------------------
//
// Each has `reads`, what the member at a place reads, and `readers`, boxes that hold all places that read
// some place of a box. The second is the inverse of the first: ranks find out by it whom to send to. A box
// may be too large, which costs time, and never too small.

/// A pattern's parameters as plain memory, and back.
template <class T>
std::vector<std::byte> closure_of(const T& object) {
  std::vector<std::byte> bytes(sizeof object);
  std::memcpy(bytes.data(), &object, sizeof object);
  return bytes;
}
template <class T>
T closure_as(const std::byte* closure) {
  T object;
  std::memcpy(&object, closure, sizeof object);
  return object;
}

/// The pattern of a family without sources.
struct Nothing {
  static void reads(const std::byte*, const Index&, Reads&) {}
  static void readers(const std::byte*, const Index&, std::uint32_t, const Region&, std::vector<Region>&) {}
  static constexpr Dependence dependence{.reads = &reads, .readers = &readers, .alignment = &own_place};
};

/// A member reads its own place of each source, and the only place of sources of one member.
struct Elementwise {
  static void reads(const std::byte*, const Index& place, Reads& out);
  static void readers(const std::byte*, const Index& extent, std::uint32_t source, const Region& of,
                      std::vector<Region>& boxes);
  static constexpr Dependence dependence{
      .reads = &reads, .readers = &readers, .alignment = &own_place, .in_time = true};
};

/// The closure of a stencil. Throws std::invalid_argument if an offset has other dimensions than the extent,
/// or leads further than 2^48 places.
std::vector<std::byte> stencil_closure(const Index& extent, const std::vector<Index>& offsets,
                                       std::int32_t edge, std::source_location where);
/// A member reads its neighbours at given offsets.
struct StencilPattern {
  static void reads(const std::byte* closure, const Index& place, Reads& out);
  static void readers(const std::byte* closure, const Index& extent, std::uint32_t source, const Region& of,
                      std::vector<Region>& boxes);
  static std::optional<Alignment> alignment(const std::byte* closure, int dims, std::uint32_t source);
  static constexpr Dependence dependence{.reads = &reads, .readers = &readers, .alignment = &alignment};
};
/// Member [i, j] reads member [j, i].
struct TransposePattern {
  static void reads(const std::byte*, const Index& place, Reads& out) {
    out.add(0, Index(place[1], place[0]), 0);
  }
  static void readers(const std::byte*, const Index&, std::uint32_t, const Region& of,
                      std::vector<Region>& boxes) {
    boxes.push_back({Index(of.low[1], of.low[0]), Index(of.high[1], of.high[0])});
  }
  static constexpr Dependence dependence{.reads = &reads, .readers = &readers};
};
struct CoarsenClosure {
  std::int64_t block, size;
};
/// Member j reads members j * block to (j + 1) * block - 1.
struct CoarsenPattern {
  static void reads(const std::byte* closure, const Index& place, Reads& out);
  static void readers(const std::byte* closure, const Index&, std::uint32_t, const Region& of,
                      std::vector<Region>& boxes);
  static std::optional<Alignment> alignment(const std::byte* closure, int dims, std::uint32_t source);
  static constexpr Dependence dependence{.reads = &reads, .readers = &readers, .alignment = &alignment};
};
/// Member [i, k] reads member i.
struct SplitPattern {
  static void reads(const std::byte*, const Index& place, Reads& out) { out.add_number(0, place[0], 0); }
  static void readers(const std::byte*, const Index& extent, std::uint32_t, const Region& of,
                      std::vector<Region>& boxes) {
    boxes.push_back({Index(of.low[0], 0), Index(of.high[0], extent[1])});
  }
  static constexpr Dependence dependence{.reads = &reads, .readers = &readers};
};
/// Each member reads all.
struct AllGatherPattern {
  static void reads(const std::byte* closure, const Index& place, Reads& out);
  static void readers(const std::byte*, const Index& extent, std::uint32_t, const Region&,
                      std::vector<Region>& boxes) {
    boxes.push_back(Region::whole(extent));
  }
  static constexpr Dependence dependence{.reads = &reads, .readers = &readers, .reads_widely = true};
};
struct ColumnClosure {
  std::int64_t rows;
};
/// Member k reads all members [i, k].
struct ColumnPattern {
  static void reads(const std::byte* closure, const Index& place, Reads& out);
  static void readers(const std::byte*, const Index&, std::uint32_t, const Region& of,
                      std::vector<Region>& boxes) {
    boxes.push_back({Index(of.low[1]), Index(of.high[1])});
  }
  static constexpr Dependence dependence{.reads = &reads, .readers = &readers, .reads_widely = true};
};
struct LevelClosure {
  std::int64_t axis, arity, length;  ///< length: of the level below, along the axis
};
/// A level of a reduction: a member reads `arity` neighbours along one dimension of the level below.
struct LevelPattern {
  static void reads(const std::byte* closure, const Index& place, Reads& out);
  static void readers(const std::byte* closure, const Index&, std::uint32_t, const Region& of,
                      std::vector<Region>& boxes);
  static std::optional<Alignment> alignment(const std::byte* closure, int dims, std::uint32_t source);
  static constexpr Dependence dependence{
      .reads = &reads, .readers = &readers, .alignment = &alignment, .in_time = true};
};

/// What stands ahead of a user's function in its closure.
struct UserReach {
  Index reach;
  bool known = false;
  std::uint32_t sources = 0;  ///< how many it has beside itself
};
/// A box that holds all places within the reach of a box of the source; the whole extent if none is known.
Region reached(const UserReach& reach, const Index& extent, std::uint32_t source, const Region& of);

template <class F>
concept HasInverse = requires(const F& f, std::uint32_t k, const Index& place, Readers& readers) {
  f.inverse(k, place, readers);
};

/// An object that is trivially copyable, but not always default constructible, out of bytes that may lie
/// anywhere. Of a class without members there need not be any.
template <class F>
class CopiedObject {
 public:
  explicit CopiedObject(std::span<const std::byte> bytes) {
    if constexpr (!std::is_empty_v<F>) std::memcpy(memory_, bytes.data(), sizeof(F));
  }
  F& operator*() { return *std::launder(reinterpret_cast<F*>(memory_)); }

 private:
  alignas(F) std::byte memory_[sizeof(F)] = {};
};
/// Calls `use` with the user's object.
template <class F, class Use>
void with_user(const std::byte* closure, const Use& use) {
  CopiedObject<const F> object({closure + sizeof(UserReach), sizeof(F)});
  use(*object);
}

/// The dependence of a user's function: `readers` asks its inverse, or grows the box by its reach.
template <class F>
struct UserDependence {
  static void reads(const std::byte* closure, const Index& place, Reads& out) {
    const auto reach = closure_as<UserReach>(closure);
    if (reach.known && reach.reach.dims == place.dims) out.keep_within(reach.reach, place);
    with_user<F>(closure, [&](const F& f) { f(place, out); });
  }
  static void readers(const std::byte* closure, const Index& extent, std::uint32_t source, const Region& of,
                      std::vector<Region>& boxes) {
    if constexpr (HasInverse<F>) {
      with_user<F>(closure, [&](const F& f) {
        Readers readers(boxes);
        for (std::int64_t i = 0; i < of.volume(); ++i) {
          try {
            f.inverse(source, of.place_of(i), readers);
          } catch (...) {  // who reads it is told so where it runs
          }
        }
        std::erase_if(boxes, [&extent](const Region& box) { return !extent.contains(box.low); });
      });
    } else {
      boxes.push_back(reached(closure_as<UserReach>(closure), extent, source, of));
    }
  }
  static std::int64_t lag(const std::byte* closure) {
    const auto reach = closure_as<UserReach>(closure);
    return reach.known ? std::max<std::int64_t>(1, reach.reach[0]) : 0;
  }
  static std::optional<Alignment> alignment(const std::byte* closure, int dims, std::uint32_t) {
    const auto reach = closure_as<UserReach>(closure);
    if (!reach.known || reach.reach.dims != dims) return std::nullopt;
    Alignment alignment = Alignment::own_place(dims);
    for (int d = 0; d < dims; ++d) {
      alignment.low[d] = -reach.reach[d];
      alignment.high[d] = reach.reach[d];
    }
    return alignment;
  }
  static constexpr Dependence dependence{.reads = &reads,
                                         .readers = &readers,
                                         .lag = &lag,
                                         .alignment = &alignment,
                                         .by_inverse = HasInverse<F>};
};

}  // namespace detail
}  // namespace ramal
