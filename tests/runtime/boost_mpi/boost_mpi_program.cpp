// SPDX-License-Identifier: BSD-3-Clause
// Checks of <ramal/boost_mpi.hpp> under mpirun: `boost_mpi_program CHECK`.
#include <ramal/boost_mpi.hpp>
#include <ramal/ramal.hpp>

#include <boost/mpi.hpp>
#include <boost/serialization/base_object.hpp>
#include <boost/serialization/export.hpp>
#include <boost/serialization/string.hpp>

#include <iostream>
#include <map>

namespace {

namespace mpi = boost::mpi;

void require(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error("not so: " + what);
}

// --- collective tasks -----------------------------------------------------------------------------------
long number(long i) { return i; }
long sum(const mpi::communicator& communicator, ramal::Inputs<long> mine) {
  long own = 0;
  for (const long x : mine) own += x;
  return mpi::all_reduce(communicator, own, std::plus<long>());
}
/// Of serialised values.
std::vector<std::string> names(mpi::communicator communicator, ramal::Inputs<long> mine,
                               const std::string& word) {
  std::vector<std::string> all;
  mpi::all_gather(communicator,
                  word + std::to_string(communicator.rank()) + '/' + std::to_string(mine.size()), all);
  return all;
}
std::vector<long> passed_on(mpi::communicator& communicator, ramal::Inputs<long> mine) {
  const int next = (communicator.rank() + 1) % communicator.size();
  const int before = (communicator.rank() + communicator.size() - 1) % communicator.size();
  std::vector<long> own(mine.begin(), mine.end()), theirs;
  mpi::request sent = communicator.isend(next, 7, own);
  communicator.recv(before, 7, theirs);
  sent.wait();
  long most = 0;
  for (const long x : theirs) most = std::max(most, x);
  return std::vector<long>(mine.size(), most);
}
/// With Communicator::agree.
long agreed(ramal::Communicator& communicator, ramal::Inputs<long>) {
  communicator.agree([&] {
    if (communicator.rank() == communicator.size() - 1) throw std::runtime_error("the last one will not");
  });
  return ramal::boost_communicator(communicator).size();
}
/// The highest rank of the session's that takes part.
long highest(const mpi::communicator& communicator, ramal::Inputs<long>, long rank_of_first) {
  return mpi::all_reduce(communicator, rank_of_first, mpi::maximum<long>()) * 10 + communicator.size();
}

void collectives(ramal::Session& session) {
  std::vector<ramal::Delayed<long>> parts;
  for (long i = 0; i < 20; ++i) parts.push_back(ramal::delayed<number>(i));
  session.persist(parts);
  require(session.compute(ramal::collective<sum>(parts)) == 190, "the sum of all parts is 190");
  const auto all = session.compute(ramal::collective<names>(parts, std::string("rank")));
  require(static_cast<int>(all.size()) == session.ranks() && all.back().starts_with("rank"),
          "each rank has a name");
  const auto passed = ramal::collective_map<passed_on>(parts);
  require(passed.size() == 20, "each part has a result");
  const auto results = session.compute(passed);
  require(*std::max_element(results.begin(), results.end()) == 19, "the largest went round");
  const int last = session.ranks() - 1;
  require(session.compute(ramal::collective<highest>.on({last})(parts, 4L)) == 41, "one rank alone");
  if (last > 0)
    require(session.compute(ramal::collective<highest>.on({last, 0})(parts, 4L)) == 42,
            "two ranks, in another order");
  try {
    session.compute(ramal::collective<agreed>(parts));
    require(false, "a step that throws on one rank throws");
  } catch (const ramal::TaskError& error) {
    require(std::string(error.what()).find("the last one will not") != std::string::npos, error.what());
  }
}

/// MPI's own error, which the environment has returned: an exception of the task's on all ranks.
long bad_root(const mpi::communicator& communicator, ramal::Inputs<long>) {
  int value = 0;
  mpi::broadcast(communicator, value, communicator.size() + 5);
  return value;
}

// --- values -----------------------------------------------------------------------------------------------
struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
  template <class Archive>
  void serialize(Archive&, unsigned) {}
};
struct Square : Shape {
  double side = 0;
  Square() = default;
  explicit Square(double s) : side(s) {}
  double area() const override { return side * side; }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& boost::serialization::base_object<Shape>(*this) & side;
  }
};
}  // namespace

BOOST_SERIALIZATION_ASSUME_ABSTRACT(Shape)
BOOST_CLASS_EXPORT(Square)

namespace {

using Shapes = std::vector<std::shared_ptr<Shape>>;
Shapes twice_the_same(double side) {
  const auto one = std::make_shared<Square>(side);
  return {one, one, std::make_shared<Square>(2 * side)};
}
double total(const Shapes& shapes) {
  if (shapes.at(0) != shapes.at(1)) throw std::logic_error("shared before, shared after");
  double sum = 0;
  for (const auto& shape : shapes) sum += shape->area();
  return sum;
}
boost::optional<std::string> maybe(bool there) {
  return there ? boost::optional<std::string>("there") : boost::none;
}
std::size_t length(const boost::optional<std::string>& text) { return text ? text->size() : 0; }

void values(ramal::Session& session) {
  const int last = session.ranks() - 1;
  for (int round = 0; round < 20; ++round) {
    const auto made = ramal::delayed<twice_the_same>.annotate({.rank = 0})(1.0 * round);
    const auto used = ramal::delayed<total>.annotate({.rank = last})(made);
    require(session.compute(used) == 6.0 * round * round, "areas of shapes from another rank");
    require(session.compute(ramal::delayed<total>.annotate({.rank = last})(twice_the_same(3))) == 54,
            "as an argument");
  }
  const auto text = ramal::delayed<maybe>.annotate({.rank = last})(true);
  require(session.compute(ramal::delayed<length>.annotate({.rank = 0})(text)) == 5, "an optional text");
}

// --- run ------------------------------------------------------------------------------------------------
long inc(long x) { return x + 1; }

/// On all, on parts of all, one after the other; with messages of the program's own in between and under way.
void runs(mpi::environment& environment, const mpi::communicator& world) {
  const auto program = [](ramal::Session& session) {
    return static_cast<int>(session.compute(ramal::delayed<inc>(6L + session.ranks()))) == 7 + session.ranks()
               ? 0
               : 3;
  };
  long before = 0;
  const int next = (world.rank() + 1) % world.size();
  mpi::request incoming = world.irecv(mpi::any_source, 1, before);
  for (int round = 0; round < 3; ++round) {
    require(ramal::run(world, program) == 0, "on all ranks");
    require(ramal::run(environment, program) == 0, "in the environment");
  }
  ramal::Locals locals;
  locals.put("rank", static_cast<long>(world.rank()));
  require(ramal::run(environment, locals,
                     [](ramal::Session& session) {
                       session.to_local("rank", ramal::map<inc>(session.from_local<long>("rank")));
                     }) == 0,
          "with locals");
  require(locals.take<long>("rank") == world.rank() + 1, "a local of each rank");

  const mpi::communicator half = world.split(world.rank() % 2);
  int ranks = 0;
  require(ramal::run(half, [&](ramal::Session& session) { ranks = session.ranks(); }) == 0,
          "in two halves at once");
  if (half.rank() == 0) require(ranks == half.size(), "each half by itself");
  require(ramal::run(world, [](ramal::Session&) { return 5; }) == 5, "the program's status on all ranks");

  mpi::request outgoing = world.isend(next, 1, static_cast<long>(world.rank()));
  incoming.wait();
  outgoing.wait();
  require(before == (world.rank() + world.size() - 1) % world.size(), "messages of the program's own");
  require(ramal::run(world, [&](ramal::Session&) { return ramal::run(world, [](ramal::Session&) {}); }) == 1,
          "a run within a run fails on all ranks");
}

/// The task fails, and says why.
int failing(ramal::Session& session, const ramal::Delayed<long>& task) {
  try {
    session.compute(task);
    return 1;
  } catch (const ramal::TaskError& error) {
    std::cout << error.what() << '\n';
    return 0;
  }
}

int refused(const mpi::communicator& world, const std::string& how) {
  const auto nothing = [](ramal::Session&) {};
  if (how == "null") {
    // The last rank alone is not in it, and calls run though it should not.
    const bool is_last = world.rank() == world.size() - 1;
    MPI_Comm others = MPI_COMM_NULL;
    MPI_Comm_split(world, is_last ? MPI_UNDEFINED : 0, world.rank(), &others);
    const mpi::communicator communicator(others, mpi::comm_take_ownership);
    return ramal::run(communicator, nothing) == (is_last ? 2 : 0) ? 0 : 1;
  }
  const mpi::communicator half = world.split(world.rank() % 2);
  const mpi::intercommunicator both(half, 0, world, world.rank() % 2 == 0 ? 1 : 0);
  const MPI_Comm handle = both;
  if (ramal::run(mpi::communicator(handle, mpi::comm_attach), nothing) != 2) return 1;
  return ramal::run(both.merge(world.rank() % 2 == 1), nothing);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string check = argc > 1 ? argv[1] : "";
  const std::vector parts{ramal::delayed<number>(1L)};
  if (check == "collective_without_mpi")
    return ramal::run(
        argc, argv, [&](ramal::Session& session) { return failing(session, ramal::collective<sum>(parts)); });
  const bool single = check == "single_thread";
  mpi::environment environment(argc, argv, single ? mpi::threading::single : mpi::threading::serialized);
  const mpi::communicator world;
  if (single) return ramal::run(environment, [](ramal::Session&) {}) == 2 ? 0 : 1;
  if (check == "null" || check == "intercommunicator") return refused(world, check);
  const std::map<std::string, void (*)(ramal::Session&)> checks = {{"collectives", collectives},
                                                                   {"values", values}};
  int status = 0;
  if (check == "run") {
    runs(environment, world);
  } else if (check == "mpi_error") {
    status = ramal::run(
        world, [&](ramal::Session& session) { return failing(session, ramal::collective<bad_root>(parts)); });
  } else {
    status = ramal::run(world, checks.at(check));
  }
  if (world.rank() == 0 && status == 0) std::cout << "ok on " << world.size() << " ranks\n";
  return status;
}
