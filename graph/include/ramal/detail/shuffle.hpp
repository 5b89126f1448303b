// SPDX-License-Identifier: BSD-3-Clause
// The four families of a shuffle of P parts to n results, whatever the parts are. Both are cut into groups of
// neighbours, B and G:
//
//   split [b]        B       a group of parts as G parcels, each the rows for one group of results
//   pass  [b, g]     B x G   parcel g of these, or nothing if it has no rows: a message takes it, or a pointer
//   gather [g]       G       parcels [0, g] to [B - 1, g], and which of them has rows for which result
//   join  [k]        n       result k, of the gathered group that it is in
//
// A rank has at most 32 groups of parts and 4 of results, once the number of ranks is known
// (Dependence::fit), and each group lies on the rank that has its members. So what a rank has for another
// leaves in few messages, however many parts and results there are, and nothing is of size P x n. How they
// are cut changes nothing about results: pieces are joined in the order of parts.
#pragma once

#include <ramal/family.hpp>

namespace ramal {

/// Into which groups of neighbours so many results, or parts, are cut: group g has those from `begin(g)` to
/// before `begin(g + 1)`. All O(1).
struct ShuffleGroups {
  std::int64_t count = 1, groups = 1;

  std::int64_t group_of(std::int64_t member) const { return member * groups / count; }
  std::int64_t begin(std::int64_t group) const { return (group * count + groups - 1) / groups; }
  /// Of results: which one a key with that hash falls to. All have about as many.
  std::int64_t result_of(std::uint64_t hash) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::int64_t>(static_cast<Wide>(hash) * static_cast<std::uint64_t>(count) >> 64);
  }
};

/// What a group of parts has for one result: the `index`-th of a parcel's pieces.
template <class B>
struct ShufflePiece {
  const B* parcel;
  std::size_t index;
};

namespace detail {

struct ShuffleClosure {
  ShuffleGroups parts, results;
  std::int64_t splitter_bytes = 0;  ///< which follow
};
/// Ahead of a member's literals: its place. After it stands its family's closure.
struct ShuffleHead {
  std::int64_t place, group;
  ShuffleClosure closure;
};

struct SplitStep {
  static void reads(const std::byte* closure, const Index& place, Reads& out);
  static void readers(const std::byte* closure, const Index&, std::uint32_t, const Region& of,
                      std::vector<Region>& boxes);
  static void literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out);
  static void fit(std::uint32_t ranks, Index& extent, std::vector<std::byte>& closure);
  static constexpr Dependence dependence{
      .reads = &reads, .readers = &readers, .literals = &literals, .fit = &fit};
};
struct PassStep {
  static void reads(const std::byte*, const Index& place, Reads& out) { out.add_number(0, place[0], 0); }
  static void readers(const std::byte*, const Index& extent, std::uint32_t, const Region& of,
                      std::vector<Region>& boxes) {
    boxes.push_back({Index(of.low[0], 0), Index(of.high[0], extent[1])});
  }
  static void literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out);
  static void fit(std::uint32_t ranks, Index& extent, std::vector<std::byte>& closure);
  static constexpr Dependence dependence{
      .reads = &reads, .readers = &readers, .literals = &literals, .fit = &fit};
};
struct GatherStep {
  static void reads(const std::byte* closure, const Index& place, Reads& out);
  static void reads_within(const std::byte* closure, const Index& place, const Region& of, Reads& out);
  static void readers(const std::byte*, const Index&, std::uint32_t, const Region& of,
                      std::vector<Region>& boxes) {
    boxes.push_back({Index(of.low[1]), Index(of.high[1])});
  }
  static void literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out);
  static void fit(std::uint32_t ranks, Index& extent, std::vector<std::byte>& closure);
  static constexpr Dependence dependence{.reads = &reads,
                                         .readers = &readers,
                                         .reads_widely = true,
                                         .literals = &literals,
                                         .reads_within = &reads_within,
                                         .fit = &fit};
};
struct JoinStep {
  static void reads(const std::byte* closure, const Index& place, Reads& out);
  static void readers(const std::byte* closure, const Index&, std::uint32_t, const Region& of,
                      std::vector<Region>& boxes);
  static void literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out);
  static void fit(std::uint32_t ranks, Index& extent, std::vector<std::byte>& closure);
  static constexpr Dependence dependence{
      .reads = &reads, .readers = &readers, .literals = &literals, .fit = &fit};
};

/// A parcel that several hold, or none. It travels as the parcel does.
template <class B>
struct SharedParcel {
  std::shared_ptr<const B> parcel;
};
/// What a group of parts was split into, by group of results.
template <class B>
struct SplitPart {
  std::vector<SharedParcel<B>> parcels;
};
/// What all parts have for one group of results: `first[k]` to before `first[k + 1]` are the pieces of its
/// k-th.
template <class B>
struct GatheredParcels {
  std::int64_t begin = 0, results = 0;
  std::vector<SharedParcel<B>> parcels;  // in the order of parts; none is null
  std::vector<ShufflePiece<B>> pieces;
  std::vector<std::size_t> first;

  /// Sorts the pieces by their results, which keeps the order of parts. O(pieces + results). Throws
  /// DecodeError if there is one of another group.
  void sort_pieces() {
    if constexpr (requires(const B& parcel) { parcel.check(); })
      for (const SharedParcel<B>& shared : parcels) shared.parcel->check();
    first.assign(static_cast<std::size_t>(results) + 1, 0);
    for_each_piece([this](std::size_t result, const ShufflePiece<B>&) { ++first[result + 1]; });
    for (std::size_t k = 0; k + 1 < first.size(); ++k) first[k + 1] += first[k];
    pieces.resize(first.back());
    std::vector<std::size_t> next(first.begin(), first.end() - 1);
    for_each_piece([&](std::size_t result, const ShufflePiece<B>& piece) { pieces[next[result]++] = piece; });
  }
  std::span<const ShufflePiece<B>> pieces_of(std::int64_t result) const {
    const auto k = static_cast<std::size_t>(result - begin);
    return std::span(pieces).subspan(first[k], first[k + 1] - first[k]);
  }

 private:
  template <class Take>
  void for_each_piece(const Take& take) const {
    for (const SharedParcel<B>& shared : parcels) {
      for (std::size_t i = 0; i < shared.parcel->pieces(); ++i) {
        const auto result = static_cast<std::uint64_t>(shared.parcel->result(i) - begin);
        if (result >= static_cast<std::uint64_t>(results))
          throw DecodeError("a parcel has rows for another group of results");
        take(static_cast<std::size_t>(result), ShufflePiece<B>{shared.parcel.get(), i});
      }
    }
  }
};

/// A member's place, its family's closure, and the splitter behind it.
template <class S>
struct ShuffleCall {
  explicit ShuffleCall(std::span<const std::byte> literals) : ShuffleCall(Reader(literals)) {}
  ShuffleHead head;
  S splitter;

 private:
  explicit ShuffleCall(Reader reader) : head(reader.raw<ShuffleHead>()), splitter(Codec<S>::read(reader)) {}
};

template <class S>
using SplitterPart = typename S::part;
template <class S>
using SplitterParcel = typename S::parcel;

[[noreturn]] void refuse_parcels(std::size_t parcels, std::int64_t groups);
std::string shuffle_preview(const CallFrame& frame, bool shows_input);

template <class S>
struct SplitThunk {
  using B = SplitterParcel<S>;

  static void run(CallFrame& frame, Value& result) {
    const ShuffleCall<S> call(frame.literals);
    const auto& [parts, cut, unused] = call.head.closure;
    const std::int64_t first = parts.begin(call.head.place), count = parts.begin(call.head.place + 1) - first;
    std::vector<const SplitterPart<S>*> given(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < given.size(); ++i) given[i] = &frame.input(i).template get<SplitterPart<S>>();
    std::vector<B> made = call.splitter.split(Inputs<SplitterPart<S>>(given), first, cut);
    if (static_cast<std::int64_t>(made.size()) != cut.groups) refuse_parcels(made.size(), cut.groups);
    SplitPart<B> split;
    for (B& parcel : made) {
      const bool has_rows = parcel.pieces() > 0;
      split.parcels.push_back({has_rows ? std::make_shared<const B>(std::move(parcel)) : nullptr});
    }
    result.emplace<SplitPart<B>>(std::move(split));
  }
  static std::string preview(const CallFrame& frame) { return shuffle_preview(frame, true); }
  static constexpr Kind kind{.name = S::split_name,
                             .result = &TypeOf<SplitPart<B>>::type,
                             .run = &run,
                             .preview = &preview,
                             .sort = Sort::member,
                             .dependence = &SplitStep::dependence,
                             .parameters = {.count = 1, .lists = 1}};
};

template <class B>
struct PassThunk {
  static void run(CallFrame& frame, Value& result) {
    const auto group = Reader(frame.literals).raw<ShuffleHead>().group;
    result.emplace<SharedParcel<B>>(
        frame.input(0).template get<SplitPart<B>>().parcels[static_cast<std::size_t>(group)]);
  }
  static std::string preview(const CallFrame& frame) { return shuffle_preview(frame, false); }
  static constexpr Kind kind{.name = "pass_parcel",
                             .result = &TypeOf<SharedParcel<B>>::type,
                             .run = &run,
                             .preview = &preview,
                             .sort = Sort::member,
                             .dependence = &PassStep::dependence,
                             .parameters = {.count = 1, .lists = 1},
                             .passes_on = true};
};

template <class B>
struct GatherThunk {
  static void run(CallFrame& frame, Value& result) {
    const auto head = Reader(frame.literals).raw<ShuffleHead>();
    const ShuffleGroups& cut = head.closure.results;
    GatheredParcels<B> gathered;
    gathered.begin = cut.begin(head.place);
    gathered.results = cut.begin(head.place + 1) - gathered.begin;
    for (std::size_t i = 0; i < static_cast<std::size_t>(head.closure.parts.groups); ++i) {
      const auto& parcel = frame.input(i).template get<SharedParcel<B>>();
      if (parcel.parcel) gathered.parcels.push_back(parcel);
    }
    gathered.sort_pieces();
    result.emplace<GatheredParcels<B>>(std::move(gathered));
  }
  static std::string preview(const CallFrame& frame) { return shuffle_preview(frame, false); }
  static constexpr Kind kind{.name = "gather_parcels",
                             .result = &TypeOf<GatheredParcels<B>>::type,
                             .run = &run,
                             .preview = &preview,
                             .sort = Sort::member,
                             .dependence = &GatherStep::dependence,
                             .parameters = {.count = 1, .lists = 1},
                             .passes_on = true};
};

template <class S>
struct JoinThunk {
  using B = SplitterParcel<S>;
  using Result = decltype(std::declval<const S&>().join(std::int64_t{}, std::span<const ShufflePiece<B>>{}));

  static void run(CallFrame& frame, Value& result) {
    const ShuffleCall<S> call(frame.literals);
    const auto& gathered = frame.input(0).template get<GatheredParcels<B>>();
    result.emplace_result<Result>(
        [&] { return call.splitter.join(call.head.place, gathered.pieces_of(call.head.place)); });
  }
  static std::string preview(const CallFrame& frame) { return shuffle_preview(frame, false); }
  static constexpr Kind kind{.name = S::join_name,
                             .result = &TypeOf<Result>::type,
                             .run = &run,
                             .preview = &preview,
                             .sort = Sort::member,
                             .dependence = &JoinStep::dependence,
                             .parameters = {.count = 1, .lists = 1}};
};

/// How many groups are made where the number of ranks is not known: within a loop.
constexpr std::int64_t groups_unfitted = 64;
/// Throws std::invalid_argument, naming the line, for parts of other than one dimension or a number of
/// results that is not positive or above 2^32. 0: as many as there are parts, at least one.
ShuffleClosure shuffle_closure(const Index& parts, std::int64_t results, std::source_location where);
/// What the parts of a group state to take together, so each split does.
Annotation as_stated_by(const FamilyView& parts, const ShuffleGroups& cut);

template <class S>
Family<typename JoinThunk<S>::Result> make_shuffle(const FamilyView& parts, std::int64_t results,
                                                   const S& splitter, std::source_location where) {
  using B = SplitterParcel<S>;
  const ShuffleClosure shape = shuffle_closure(parts.shape, results, where);
  Writer size;
  Codec<S>::write(size, splitter);
  ShuffleClosure head = shape;
  head.splitter_bytes = static_cast<std::int64_t>(size.size());
  std::vector<std::byte> with_splitter = closure_of(head);
  with_splitter.resize(sizeof shape + size.size());
  Writer writer(with_splitter.data() + sizeof shape, size.size());
  Codec<S>::write(writer, splitter);
  const auto& [cut, into, unused] = shape;
  const auto split = make_family<SplitPart<B>>(SplitThunk<S>::kind, Index(cut.groups), {{parts, {}}},
                                               with_splitter, where, {.wishes = as_stated_by(parts, cut)});
  const auto passed = make_family<SharedParcel<B>>(PassThunk<B>::kind, Index(cut.groups, into.groups),
                                                   {{split.view(), {}}}, closure_of(shape), where);
  const auto gathered = make_family<GatheredParcels<B>>(GatherThunk<B>::kind, Index(into.groups),
                                                        {{passed.view(), {}}}, closure_of(shape), where);
  return make_family<typename JoinThunk<S>::Result>(JoinThunk<S>::kind, Index(into.count),
                                                    {{gathered.view(), {}}}, std::move(with_splitter), where);
}

}  // namespace detail

// --- how these travel -------------------------------------------------------------------------------------

/// There, or not, and the parcel; as memory if that is.
template <class B>
struct Codec<detail::SharedParcel<B>> {
  using Shared = detail::SharedParcel<B>;
  static void write(Writer& writer, const Shared& shared) {
    writer.raw(static_cast<std::uint8_t>(shared.parcel != nullptr));
    if (shared.parcel) Codec<B>::write(writer, *shared.parcel);
  }
  static Shared read(Reader& reader) {
    if (reader.raw<std::uint8_t>() == 0) return {};
    return {std::make_shared<const B>(Codec<B>::read(reader))};
  }
  static Spans memory(const Shared& shared) requires Contiguous<B> {
    return shared.parcel ? Spans(Codec<B>::memory(*shared.parcel)) : Spans();
  }
  static void write_head(Writer& writer, const Shared& shared) requires Contiguous<B> {
    writer.raw(static_cast<std::uint8_t>(shared.parcel != nullptr));
    if (shared.parcel) Codec<B>::write_head(writer, *shared.parcel);
  }
  static Shared allocate(Reader& head, std::size_t bytes) requires Contiguous<B> {
    if (head.raw<std::uint8_t>() == 0) return {};
    return {std::make_shared<const B>(Codec<B>::allocate(head, bytes))};
  }
  static std::size_t held_bytes(const Shared& shared) {
    return shared.parcel ? detail::bytes_held_by(*shared.parcel) : 0;
  }
};
template <class B>
struct Codec<detail::SplitPart<B>> {
  using Parcels = std::vector<detail::SharedParcel<B>>;
  static void write(Writer& writer, const detail::SplitPart<B>& split) {
    Codec<Parcels>::write(writer, split.parcels);
  }
  static detail::SplitPart<B> read(Reader& reader) { return {Codec<Parcels>::read(reader)}; }
  static std::size_t held_bytes(const detail::SplitPart<B>& split) {
    std::size_t bytes = 0;
    for (const auto& shared : split.parcels) bytes += detail::bytes_held_by(shared);
    return bytes;
  }
};
/// The parcels; the pieces are found again.
template <class B>
struct Codec<detail::GatheredParcels<B>> {
  using Gathered = detail::GatheredParcels<B>;
  using Parcels = std::vector<detail::SharedParcel<B>>;
  static void write(Writer& writer, const Gathered& gathered) {
    writer.raw(gathered.begin);
    writer.raw(gathered.results);
    Codec<Parcels>::write(writer, gathered.parcels);
  }
  static Gathered read(Reader& reader) {
    Gathered gathered;
    gathered.begin = reader.raw<std::int64_t>();
    gathered.results = reader.raw<std::int64_t>();
    gathered.parcels = Codec<Parcels>::read(reader);
    const bool has_all =
        std::ranges::all_of(gathered.parcels, [](const auto& one) { return one.parcel != nullptr; });
    if (gathered.results < 0 || gathered.results > std::int64_t{1} << 32 || !has_all)
      throw DecodeError("parcels that are not there");
    gathered.sort_pieces();
    return gathered;
  }
  static std::size_t held_bytes(const Gathered& gathered) {
    std::size_t bytes = 0;
    for (const auto& shared : gathered.parcels) bytes += detail::bytes_held_by(shared);
    return bytes;
  }
};

}  // namespace ramal
