// SPDX-License-Identifier: BSD-3-Clause
// Programs: a rank's family programs under way. Makes the fronts of its own members one after another, and
// keeps what they read by name until they are there.
//
// Two fronts are active at a time, and the next two are prepared, so that what is made for them has a place.
// A front that repeats the one before takes that one's layout. What is done is forgotten.
//
// Why it ends: take the lowest front that is not done anywhere. On each rank where it is not done all before
// it are, so it is active there. What its members read is of earlier fronts, which are done, so that it has
// been sent and is here or on its way; or of the same front, where members only read members that are before
// them (of earlier families, or earlier places of their own). So some member can run, and the front gets
// done.
//
// A rank is at most 8 fronts ahead of those that read its members in the front where they are made or the
// next: they tell it now and then how far they are, so that what they have not come to yet does not pile up
// there. The rank whose front is the lowest waits for nobody. What is read later than that is little: it
// stands for a whole phase.
//
// A loop's front is activated when the verdict on the step before is known, if there are any. So what the
// states of that step were led to has not been read or moved from, should it be the last: then these values
// are given to the front behind the loop by name, as if they had been sent, and the loop's own next front,
// which was prepared to receive them, is abandoned. All ranks hear the same verdicts, so all of them leave
// the loop after the same step.
//
// Why values are freed: a member's value is kept by name until the last front that may read it is prepared,
// which every rank can tell from the readers' patterns; a front's values go as in any run. The kept
// values of handles that the program consumes are released once the front that imports them is active:
// its imports have the value, or wait for it.
//
// All is called by whoever pumps.
#pragma once

#include "runtime/executor/executor.hpp"

#include <map>
#include <set>

namespace ramal::detail {

class Programs {
 public:
  /// `announce`: tells rank 0 of a value under an id.
  using Announce = std::function<void(ValueId, const Value&)>;
  /// Tells another rank how far a program is here.
  using TellProgress = std::function<void(std::uint32_t rank, RunId program, std::int64_t done)>;
  Programs(Executor& executor, std::uint32_t rank, const Images& images, Announce announce,
           TellProgress tell_progress)
      : executor_(executor),
        rank_(rank),
        images_(images),
        announce_(std::move(announce)),
        tell_progress_(std::move(tell_progress)) {}

  /// Throws DecodeError.
  void start(std::span<const std::byte> encoded);
  /// A member's value, from another rank or an older front. False if its program is not known yet.
  bool take(RunId program, MemberName member, Value value);
  /// The same for the encoding of a value of a plain type. False, and nothing happens, if it is of another,
  /// or the program is not under way.
  bool take_plain(RunId program, std::span<const std::byte> named);
  /// Another rank has run all fronts up to that one. False if the program is not known yet.
  bool hear_progress(RunId program, std::uint32_t rank, std::int64_t done);
  /// The type of a member; null if its program is not under way.
  const Type* type_of(RunId program, MemberName member) const;
  /// A front has run.
  void ended(const FrontRun& front, const Failure* failure);
  /// Members that have not begun are not run. False if it is no program under way.
  bool cancel(RunId program);
  std::size_t count() const { return programs_.size(); }
  /// A front has ended, or a loop's verdict is there: `advance` is to be called.
  bool can_advance() const { return !stirred_.empty(); }
  /// Prepares and activates what can be.
  void advance();

 private:
  /// A front that is prepared or active.
  struct Prepared {
    Executor::Run* run;
    std::shared_ptr<Front> front;
    std::int64_t steps;  // moved on
  };
  struct UnderWay {
    explicit UnderWay(FamilyProgram its, std::uint32_t rank)
        : program(std::move(its)), expander(program, rank) {}
    FamilyProgram program;
    Expander expander;
    std::map<std::int64_t, std::shared_ptr<Front>> fronts;  // made, not active yet
    std::map<std::int64_t, Prepared> runs;
    std::shared_ptr<Front> steady;  // of those that the latest one repeats
    std::shared_ptr<Executor::Layout> steady_layout;
    std::int64_t steady_first = -1;
    std::int64_t next = 0;      // to be activated
    std::int64_t prepared = 0;  // up to before this one
    int active = 0;
    bool is_cancelled = false;
    std::optional<Failure> failure;              // the first of own members that are asked for
    std::unordered_map<MemberName, Value> mail;  // as long as it may be read
    std::map<std::int64_t, std::vector<MemberName>> last_read;  // by front
    std::map<std::int64_t, std::vector<ProgramWant>> wants;     // of own members, by front
    struct Verdicts {
      std::int64_t heard = 0;  // steps
      bool stop = false;       // said of the last of them
      std::optional<Failure> failure;
    };
    std::vector<Verdicts> verdicts;  // by loop
    /// Kept values here that the program consumes, by the front that imports them.
    std::map<std::int64_t, std::vector<ValueId>> consumed;
    std::map<std::uint32_t, std::int64_t> consumers;  // ranks, and up to which front they are known to be
    std::set<std::uint32_t> producers;
    std::int64_t clear_until = -1;  // no consumer is too far behind for this front
    std::int64_t told = -1;         // to producers
  };

  std::shared_ptr<Front> front_of(UnderWay& program, std::int64_t number);
  static std::shared_ptr<Front> expand(UnderWay& program, std::int64_t number);
  Expander::Steady steady_of(UnderWay& program, std::int64_t number) const;
  std::int64_t steps_of(const UnderWay& program, std::int64_t number) const;
  void prepare(UnderWay& program, std::int64_t number);
  void activate(UnderWay& program, std::int64_t number);
  void find_consumed(UnderWay& program) const;
  std::vector<Keep> keeps_of(UnderWay& program, std::int64_t number, const Front& front);
  void advance(UnderWay& program);
  /// What is to be done about the next front: it is in a loop whose verdict is awaited, or that has ended.
  enum class Gate : std::uint8_t { open, wait, end_of_loop };
  Gate gate(const UnderWay& program) const;
  static bool is_too_far_ahead(UnderWay& program);
  void tell_progress(UnderWay& program);
  void end_loop(UnderWay& program);
  void hear_verdict(UnderWay& program, MemberName member, const Value& value);
  void take(UnderWay& program, MemberName member, Value value);
  UnderWay* find(RunId number);

  Executor& executor_;
  const std::uint32_t rank_;
  const Images& images_;
  const Announce announce_;
  const TellProgress tell_progress_;
  std::map<RunId, std::unique_ptr<UnderWay>> programs_;
  UnderWay* latest_ = nullptr;  // asked for
  std::vector<RunId> stirred_;  // programs
  RunId last_started_ = 0;
  RunId next_run_ = 0;
};

}  // namespace ramal::detail
