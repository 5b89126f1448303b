#include <ramal/boost_mpi.hpp>
#include <ramal/ramal.hpp>
#include <boost/mpi.hpp>
#include <boost/serialization/vector.hpp>
#include <iostream>

namespace mpi = boost::mpi;

struct Part {                                    // as the program has sent it all along
  std::vector<long> numbers;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive & numbers;
  }
};

Part tripled(Part part) {
  for (long& x : part.numbers) x *= 3;
  return part;
}
long sum(const Part& part) {
  long total = 0;
  for (const long x : part.numbers) total += x;
  return total;
}
long add(long a, long b) { return a + b; }

/// On all ranks at once, with a communicator of Boost.MPI's; `mine` are the parts that lie on this one.
long largest(const mpi::communicator& communicator, ramal::Inputs<Part> mine) {
  long most = 0;
  for (const Part& part : mine) {
    for (const long x : part.numbers) most = std::max(most, x);
  }
  return mpi::all_reduce(communicator, most, mpi::maximum<long>());
}

int main(int argc, char** argv) {
  mpi::environment environment(argc, argv);
  mpi::communicator world;
  Part part;                                     // each rank has its own
  for (long i = world.rank(); i < 1000; i += world.size()) part.numbers.push_back(i);

  ramal::Locals locals;
  locals.put("part", part);
  const int status = ramal::run(world, locals, [](ramal::Session& session) {   // runs on rank 0; the others serve
    const auto parts = session.from_local<Part>("part");
    const auto [total, most] =
        session.compute(ramal::reduce<add>(ramal::map<sum>(parts)), ramal::collective<largest>(parts));
    std::cout << "total " << total << ", largest " << most << '\n';   // total 499500, largest 999
    const auto results = ramal::map<tripled>(parts);
    session.persist(results);
    session.to_local("part", results);
  });
  if (status != 0) return status;

  part = locals.take<Part>("part");              // the program goes on
  const long own = sum(part);
  long all = 0;
  mpi::reduce(world, own, all, std::plus<long>(), 0);
  return world.rank() == 0 && all != 3 * 499500;
}
