// SPDX-License-Identifier: BSD-3-Clause
// The process's lock, its open files, and why a file cannot be opened.
#include "graph/core/descriptor.hpp"
#include "io/hdf5/api.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <list>

namespace ramal {

namespace detail {
namespace {

using Clock = std::chrono::steady_clock;

struct KeptDataset {
  std::string path;
  ObjectHandle object;
};
struct KeptFile {
  std::string path;
  FileHandle file;
  Hdf5Identity identity;
  Clock::time_point used;
  std::list<KeptDataset> datasets = {};  ///< last kept first; closed before the file
};

/// HDF5 is one per process and not safe with threads, whatever ranks and sessions the process holds:
/// so is this. It is never destroyed, as HDF5 closes what is open when the process ends, and may do so first.
struct Process {
  std::recursive_mutex mutex;
  std::list<KeptFile> files;  ///< last used first
};
Process& process() {
  static Process& one = *new Process;
  return one;
}

/// glibc maps large pieces of memory anew, and gives back what is free at the heap's end, until it has seen a
/// piece freed that was as large (mallopt(3) under M_MMAP_THRESHOLD). HDF5 takes and frees memory for each
/// chunk it reads, and the first contact with fresh memory costs several times the reading. So it is shown
/// one such piece, which nobody touches. Does nothing where a user has set MALLOC_… in the environment.
void make_malloc_keep_chunks() {
  constexpr std::size_t largest_heeded = std::size_t{31} << 20;
  void* volatile piece = std::malloc(largest_heeded);
  std::free(piece);
}

/// Started before main, hence before MPI and by one thread: HDF5 would otherwise make MPI calls of its own
/// in whichever worker reads first.
[[maybe_unused]] const bool started = (make_malloc_keep_chunks(), H5open() >= 0);

constexpr std::size_t most_files = 16;
constexpr std::size_t most_datasets = 4;  // of all files; each has a cache of its own
constexpr auto longest_idle = std::chrono::seconds(10);

Hdf5Identity identity_of(const struct stat& status) {
  return {.bytes = static_cast<std::uint64_t>(status.st_size),
          .modified_ns = static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1000000000u +
                         static_cast<std::uint64_t>(status.st_mtim.tv_nsec),
          .inode = static_cast<std::uint64_t>(status.st_ino)};
}

/// What can be seen without HDF5, and is better said without it.
void check_readable(const std::string& path) {
  const Hdf5Place place{path, ""};
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) place.fail(std::strerror(errno));
  if (S_ISDIR(status.st_mode)) place.fail("is a directory");
  if (!S_ISREG(status.st_mode)) place.fail("is not a regular file");
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) place.fail(std::strerror(errno));
  if (status.st_size == 0) place.fail("is empty, not an HDF5 file");
  char start[4] = {};
  if (::pread(file.number(), start, sizeof start, 0) < 0) place.fail(std::strerror(errno));
  if (std::memcmp(start, "CDF", 3) == 0)
    place.fail("is a netCDF-3 (classic) file, not HDF5; `nccopy -k nc4` makes a netCDF-4 file of it");
}

[[noreturn]] void fail_to_open(const std::string& path) {
  const Hdf5Place place{path, ""};
  const std::string reason = hdf5_reason();
  if (reason.find("to lock file") != std::string::npos) {
    place.fail(
        "cannot be locked for reading: another program has it open for writing, or its file system has no "
        "locks; if nobody writes it, set HDF5_USE_FILE_LOCKING=FALSE (HDF5: " +
        reason + ")");
  }
  if (reason.find("truncated") != std::string::npos) place.fail("is truncated (HDF5: " + reason + ")");
  if (H5Fis_hdf5(path.c_str()) == 0) place.fail("is not an HDF5 file");
  place.fail("cannot be opened as HDF5 (" + reason + ")");
}

ListHandle how_to_open(const Hdf5Place& place) {
  ListHandle list(H5Pcreate(H5P_FILE_ACCESS));
  place.check(H5Pset_fapl_sec2(list), "HDF5 has no plain file driver");
  place.check(H5Pset_sieve_buf_size(list, page_bytes), "HDF5 cannot be set up");
  return list;
}

KeptFile open_anew(const std::string& path) {
  check_readable(path);
  const Hdf5Place place{path, ""};
  KeptFile made{path, {}, identify(path), Clock::now()};
  const ListHandle how = how_to_open(place);  // closing it forgets why opening failed
  made.file = FileHandle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, how));
  if (!made.file) fail_to_open(path);
  // It has been opened while nobody wrote it. Kept files must not keep writers out for as long as this
  // process lives; that one has written since shows in the file's identity.
  void* descriptor = nullptr;
  if (H5Fget_vfd_handle(made.file, H5P_DEFAULT, &descriptor) >= 0 && descriptor != nullptr)
    ::flock(*static_cast<int*>(descriptor), LOCK_UN);
  return made;
}

}  // namespace

Hdf5Call::Hdf5Call() : lock_(process().mutex) {
  H5Eget_auto2(H5E_DEFAULT, &print_, &print_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}
Hdf5Call::~Hdf5Call() { H5Eset_auto2(H5E_DEFAULT, print_, print_data_); }

std::string hdf5_reason() {
  std::string reason;
  const H5E_walk2_t take_first = [](unsigned, const H5E_error2_t* error, void* to) -> herr_t {
    auto& text = *static_cast<std::string*>(to);
    if (text.empty() && error->desc != nullptr) text = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &reason);
  return reason.empty() ? "HDF5 gives no reason" : reason;
}

void Hdf5Place::fail(const std::string& what) const {
  throw Hdf5Error("ramal: " + file + ": " + (object.empty() ? "" : object + ": ") + what);
}
void Hdf5Place::fail_in_hdf5(const std::string& what) const { fail(what + " (HDF5: " + hdf5_reason() + ")"); }

Hdf5Identity identify(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) Hdf5Place{path, ""}.fail(std::strerror(errno));
  return identity_of(status);
}

OpenFile open_hdf5(const std::string& path) {
  auto& files = process().files;
  const auto now = Clock::now();
  auto found =
      std::find_if(files.begin(), files.end(), [&](const KeptFile& file) { return file.path == path; });
  if (found != files.end() && found->identity != identify(path)) {
    files.erase(found);  // before it is opened again: HDF5 would share what it knows of the old one
    found = files.end();
  }
  if (found != files.end()) {
    files.splice(files.begin(), files, found);
  } else {
    files.push_front(open_anew(path));
  }
  files.front().used = now;
  while (files.size() > most_files || now - files.back().used > longest_idle) files.pop_back();
  return {files.front().file.id(), files.front().identity};
}

ObjectHandle take_dataset(const std::string& dataset) {
  auto& kept = process().files.front().datasets;
  const auto found = std::ranges::find(kept, dataset, &KeptDataset::path);
  if (found == kept.end()) return {};
  ObjectHandle taken = std::move(found->object);
  kept.erase(found);
  return taken;
}

void keep_dataset(const std::string& dataset, ObjectHandle open) {
  process().files.front().datasets.push_front({dataset, std::move(open)});
  std::size_t room = most_datasets;
  for (KeptFile& file : process().files) {
    file.datasets.resize(std::min(room, file.datasets.size()));
    room -= file.datasets.size();
  }
}

}  // namespace detail

std::unique_lock<std::recursive_mutex> hdf5_lock() {
  std::unique_lock lock(detail::process().mutex);
  detail::process().files.clear();  // HDF5 refuses to open for writing what it has open for reading
  return lock;
}

}  // namespace ramal
