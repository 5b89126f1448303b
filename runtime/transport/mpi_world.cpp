// SPDX-License-Identifier: BSD-3-Clause
// Starting MPI, and what ranks tell each other before there is a transport and when there is none any more.
#include "runtime/transport/mpi.hpp"
#include "runtime/transport/mpi_transport.hpp"

#include <ramal/error.hpp>

#include <mpi.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace ramal::detail {

/// The communicator of this world alone; it is freed with it, also where its constructor throws. Errors on it
/// are fatal, since nobody here looks at what MPI's calls return, whatever the program wants on its own
/// (boost::mpi::environment has them return).
struct MpiWorld::Communicator {
  explicit Communicator(MPI_Comm parent) {
    MPI_Comm_get_errhandler(parent, &errors_of_program);
    MPI_Comm_dup(parent, &handle);
    MPI_Comm_set_errhandler(handle, MPI_ERRORS_ARE_FATAL);
  }
  ~Communicator() {
    MPI_Comm_free(&handle);
    MPI_Errhandler_free(&errors_of_program);
  }
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  MPI_Comm handle = MPI_COMM_NULL;
  MPI_Errhandler errors_of_program = MPI_ERRHANDLER_NULL;
};

namespace {

/// Every rank's text, on rank 0; nothing on the others. In records of equal length: MPI_Gather of small ones
/// goes along a tree of ranks, where MPI_Gatherv has rank 0 hear of each.
std::vector<std::string> gather_on_first(MPI_Comm communicator, const std::string& text) {
  int rank = 0;
  int ranks = 0;
  MPI_Comm_rank(communicator, &rank);
  MPI_Comm_size(communicator, &ranks);
  const auto size = static_cast<std::uint32_t>(text.size());
  std::uint32_t longest = 0;
  MPI_Allreduce(&size, &longest, 1, MPI_UINT32_T, MPI_MAX, communicator);
  const std::size_t record = sizeof size + longest;
  std::vector<char> mine(record), all(rank == 0 ? record * static_cast<std::size_t>(ranks) : 0);
  std::memcpy(mine.data(), &size, sizeof size);
  std::memcpy(mine.data() + sizeof size, text.data(), text.size());
  MPI_Gather(mine.data(), static_cast<int>(record), MPI_CHAR, all.data(), static_cast<int>(record), MPI_CHAR,
             0, communicator);
  std::vector<std::string> texts;
  for (std::size_t at = 0; at < all.size(); at += record) {
    std::uint32_t length = 0;
    std::memcpy(&length, all.data() + at, sizeof length);
    texts.emplace_back(all.data() + at + sizeof length, length);
  }
  return texts;
}

bool was_started_here = false;

void end_mpi() {
  int finalised = 0;
  MPI_Finalized(&finalised);
  if (finalised == 0) MPI_Finalize();
}

/// If nobody has. It ends when the process does, since it cannot be started a second time.
void start_mpi(int* argc, char*** argv, bool threads) {
  int initialised = 0;
  int finalised = 0;
  MPI_Initialized(&initialised);
  MPI_Finalized(&finalised);
  if (finalised != 0) throw OptionError("ramal: run was called after MPI_Finalize");
  if (initialised != 0) return;
  int provided = MPI_THREAD_SINGLE;
  MPI_Init_thread(argc, argv, threads ? MPI_THREAD_SERIALIZED : MPI_THREAD_SINGLE, &provided);
  was_started_here = true;
  // Libraries that end their use of MPI at exit, such as HDF5, are loaded or started later, hence end
  // earlier.
  std::atexit(end_mpi);
}

}  // namespace

MpiWorld::MpiWorld(int* argc, char*** argv, bool threads) {
  start_mpi(argc, argv, threads);
  is_ours_ = was_started_here;
  communicator_ = std::make_unique<Communicator>(MPI_COMM_WORLD);
  // A program that started MPI itself, without threads, and asked for none, gets one.
  look_around(threads && is_ours_);
}

MpiWorld::MpiWorld(const void* given, bool threads) {
  int initialised = 0;
  int finalised = 0;
  MPI_Initialized(&initialised);
  MPI_Finalized(&finalised);
  if (initialised == 0 || finalised != 0)
    throw OptionError("ramal: run(communicator, …) is for use between MPI_Init and MPI_Finalize");
  MPI_Comm communicator = *static_cast<const MPI_Comm*>(given);
  if (communicator == MPI_COMM_NULL) {
    throw OptionError(
        "ramal: run was given a null communicator: on a rank that is not in it, as after a split, do not "
        "call run");
  }
  int has_two_groups = 0;
  MPI_Comm_test_inter(communicator, &has_two_groups);
  if (has_two_groups != 0) {
    throw OptionError(
        "ramal: run was given an intercommunicator, whose ranks have no common order; merge it "
        "(MPI_Intercomm_merge, or merge() of a boost::mpi::intercommunicator) and pass that");
  }
  communicator_ = std::make_unique<Communicator>(communicator);
  look_around(threads);
}

void MpiWorld::look_around(bool threads) {
  int provided = MPI_THREAD_SINGLE;
  MPI_Query_thread(&provided);
  allows_threads_ = provided >= MPI_THREAD_SERIALIZED;
  if (threads && !allows_threads_) {
    throw OptionError(
        "ramal: this MPI was started without support for threads; set RAMAL_THREADS=1 and "
        "RAMAL_PROGRESS=auto, or start it with MPI_THREAD_SERIALIZED (boost::mpi::threading::serialized)");
  }
  MPI_Comm_rank(communicator_->handle, &rank_);
  MPI_Comm_size(communicator_->handle, &ranks_);
  MPI_Comm local = MPI_COMM_NULL;
  MPI_Comm_split_type(communicator_->handle, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &local);
  MPI_Comm_size(local, &local_ranks_);
  MPI_Comm_free(&local);
}

MpiWorld::~MpiWorld() = default;

void MpiWorld::abort(int status) const {
  MPI_Abort(communicator_->handle, status);
  std::abort();
}

std::string MpiWorld::library() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string_view whole(text, static_cast<std::size_t>(length));
  return std::string(whole.substr(0, whole.find_first_of(",\n")));
}

std::vector<std::string> MpiWorld::gather(const std::string& text) const {
  return gather_on_first(communicator_->handle, text);
}

std::string MpiWorld::broadcast(std::string text) const {
  std::uint64_t size = text.size();
  MPI_Bcast(&size, 1, MPI_UINT64_T, 0, communicator_->handle);
  text.resize(size);
  MPI_Bcast(text.data(), static_cast<int>(size), MPI_CHAR, 0, communicator_->handle);
  return text;
}

std::unique_ptr<Transport> MpiWorld::connect(const Options& options) const {
  return mpi_transport(communicator_->handle, communicator_->errors_of_program, options);
}

int local_ranks_from_launcher() {
  // Open MPI's mpirun; MPICH's and Intel's Hydra; MVAPICH.
  for (const char* name : {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "MV2_COMM_WORLD_LOCAL_SIZE"}) {
    if (const char* text = std::getenv(name)) return std::max(0, std::atoi(text));
  }
  return 0;
}

}  // namespace ramal::detail
