// SPDX-License-Identifier: BSD-3-Clause
// Writing datasets into a new file, or a copy, by all ranks; see writing.hpp.
#include "io/hdf5/writing.hpp"

#include <ramal/hdf5_write.hpp>

namespace ramal::detail {

void check_hdf5_write(const std::string& file, const std::string& dataset, const Hdf5WriteOptions& options) {
  const std::string name = "ramal: write_hdf5: " + file + ": " + dataset + ": ";
  if (file.empty()) throw std::invalid_argument("ramal: write_hdf5: the file has no name");
  if (dataset.empty() || dataset.back() == '/')
    throw std::invalid_argument(name + "expected a dataset's path");
  if (options.deflate < 0 || options.deflate > 9)
    throw std::invalid_argument(name + "expected a deflate level from 0 to 9, found " +
                                std::to_string(options.deflate));
  if (options.deflate > 0 && options.chunk.empty())
    throw std::invalid_argument(name + "compression needs chunks, as in {.chunk = {64, 64}, .deflate = 4}");
  if (std::ranges::find(options.chunk, 0u) != options.chunk.end())
    throw std::invalid_argument(name + "chunks of shape " + options.chunk.text() + " hold nothing");
}

void set_hdf5_shape(const std::string& dataset, const Extents& shape, Hdf5WriteOptions& options) {
  if (!options.shape.empty() && options.shape != shape)
    throw std::invalid_argument("ramal: write_hdf5: " + dataset + ": expected the array's shape " +
                                shape.text() + ", found shape " + options.shape.text());
  options.shape = shape;
}

namespace {

/// A job, and what all ranks' pieces of it make together.
struct Planned {
  const Hdf5Job& job;
  Hdf5Place place;
  Extents shape;
};

}  // namespace

void write_hdf5_jobs(Communicator& communicator, const std::vector<Hdf5Job>& jobs, const std::string& file,
                     const Hdf5FileOptions& options) {
  const auto* mpi = static_cast<const MPI_Comm*>(communicator.mpi_communicator());
  const bool first = communicator.rank() == 0;
  const auto step = [&](const auto& action) {
    communicator.agree([&] {
      const Hdf5Call call;
      action();
    });
  };
  std::vector<Planned> all;
  bool compresses = false;
  for (const Hdf5Job& job : jobs) {
    const Hdf5Place place{file, rooted(job.dataset)};
    all.push_back({job, place, covered_shape(communicator, job, place)});
    compresses = compresses || job.options.deflate > 0;
  }
  const Hdf5Place& place = all.front().place;

  UnfinishedFile unfinished(file, first);
  bool anew = true;
  step([&] {
    anew = !options.keep_file || !fs::exists(file);
    unfinished.make(!anew, place);
    const auto closed = hdf5_lock();  // HDF5 must not have it open for reading
  });
  // A disk that fills up within a collective MPI write leaves ranks waiting for ever (Open MPI 4.1), so
  // the room is taken before. Compressed data most likely need less: they are then written in turn.
  std::uint64_t bytes = 0;
  step([&] {
    for (const Planned& one : all) bytes += one.shape.product() * H5Tget_size(memory_type(one.job.type));
  });
  const bool room = communicator.gather(unfinished.reserve(bytes) ? "" : "no").front().empty();
  if (!room && !compresses) fail_for_room(place, file, bytes);
  Writing writing(unfinished.path(), options, place);
  const auto add = [&](const Planned& one) {
    writing.at(one.place.object);
    writing.add_dataset(one.job.type, one.shape, one.job.options);
  };
  if (mpi != nullptr && room) {
    step([&] { writing.create(anew, mpi); });
    step([&] {
      if (!unfinished.reserve(bytes)) place.fail("the disk is full");  // creating it gave the room back
    });
    step([&] { writing.add_file_attributes(); });
    for (const Planned& one : all) {
      step([&] { add(one); });
      step([&] { writing.add_attributes(one.job.options); });
      step([&] { writing.add_scales(one.shape, one.job.options, first); });
      const bool in_chunks = !one.job.options.chunk.empty() || one.job.options.unlimited_axis;
      write_together(communicator, writing, one.job.mine, one.job.type, in_chunks, step);
    }
    step([&] { writing.flush(); });
    step([&] { writing.close(); });
  } else {
    step([&] {
      if (!first) return;
      writing.create(anew, nullptr);
      writing.add_file_attributes();
      for (const Planned& one : all) {
        add(one);
        writing.add_attributes(one.job.options);
        writing.add_scales(one.shape, one.job.options, true);
      }
      writing.flush();
      writing.close();
    });
    const bool has_some = std::ranges::any_of(jobs, [](const Hdf5Job& job) { return !job.mine.empty(); });
    for (int turn = 0; turn < communicator.size(); ++turn) {
      step([&] {
        if (turn != communicator.rank() || !has_some) return;
        writing.open(nullptr);
        for (const Planned& one : all) {
          writing.at(one.place.object);
          writing.open_dataset();
          for (const Hdf5Piece& piece : one.job.mine) writing.write(&piece, one.job.type, false);
        }
        writing.flush();
        writing.close();
      });
    }
  }
  step([&] { sync_to_disk(unfinished.path(), first, place); });
  step([&] {
    for (const Planned& one : all)
      if (first) verify(unfinished.path(), one.job.type, one.shape, one.place);
  });
  step([&] { unfinished.publish(place); });
}

void write_hdf5_pieces(Communicator& communicator, const std::vector<Hdf5Piece>& mine, const Hdf5Type& type,
                       const std::string& file, const std::string& dataset, const Hdf5WriteOptions& options) {
  write_hdf5_jobs(
      communicator, {{dataset, type, options, mine}}, file,
      {.keep_file = options.keep_file, .alignment_bytes = options.alignment_bytes, .hints = options.hints});
}

void write_hdf5_lists(Communicator& communicator, Inputs<Hdf5Blocks> mine, const std::string& file,
                      const std::vector<Hdf5Job>& planned, const Hdf5FileOptions& options) {
  std::vector<Hdf5Job> jobs = planned;
  add_pieces(mine, jobs);
  write_hdf5_jobs(communicator, jobs, file, options);
}

}  // namespace ramal::detail

namespace ramal {

Delayed<void> write_hdf5(const std::string& file, const std::vector<Hdf5Entry>& entries,
                         const Hdf5FileOptions& options, std::source_location where) {
  if (entries.empty())
    throw std::invalid_argument("ramal: write_hdf5: " + file + ": expected at least one dataset");
  std::vector<detail::Hdf5Job> jobs;
  std::vector<detail::Hdf5BlockWriter> writers;
  bool by_blocks = detail::goes_by_blocks(options);
  for (const Hdf5Entry& entry : entries) {
    detail::check_hdf5_write(file, entry.job().dataset, entry.job().options);
    jobs.push_back(entry.job());
    writers.push_back(entry.writer());
    by_blocks = by_blocks && entry.writer() && detail::goes_by_blocks(entry.job().options);
  }
  const std::string name = jobs.size() == 1 ? jobs.front().dataset : file;
  if (by_blocks) return detail::written_by_blocks({file, jobs, options}, writers, name, where);
  std::vector<Delayed<detail::Hdf5Blocks>> lists;
  for (std::uint64_t k = 0; k < entries.size(); ++k)
    for (auto& list : entries[k].lists(k)) lists.push_back(std::move(list));
  return collective<&detail::write_hdf5_lists>.annotate({.name = "write " + name})(lists, file, jobs, options,
                                                                                   where);
}

}  // namespace ramal
