// SPDX-License-Identifier: BSD-3-Clause
// Writing a new file block by block; see detail/hdf5_by_blocks.hpp.
#include <ramal/detail/hdf5_by_blocks.hpp>

#include "graph/core/descriptor.hpp"
#include "io/files/posix.hpp"
#include "io/hdf5/writing.hpp"

#include <cstring>

namespace ramal::detail {

bool goes_by_blocks(const Hdf5WriteOptions& options) {
  return options.chunk.empty() && !options.unlimited_axis;
}
bool goes_by_blocks(const Hdf5FileOptions& options) { return !options.keep_file && options.hints.empty(); }

namespace {

/// Where errors of a target belong that are no single dataset's.
Hdf5Place place_of(const Hdf5Target& target) { return {target.file, rooted(target.jobs.front().dataset)}; }

std::uint64_t bytes_of(const Hdf5Target& target) {
  std::uint64_t bytes = 0;
  for (const Hdf5Job& job : target.jobs) bytes += job.options.shape.product() * job.type.bytes;
  return bytes;
}

void put_at(const Descriptor& to, const std::byte* from, std::uint64_t bytes, std::uint64_t offset,
            const Hdf5Place& place) {
  while (bytes > 0) {
    const ssize_t count = pwrite(to.number(), from, bytes, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) place.fail("cannot be written: " + std::string(std::strerror(errno)));
    from += count;
    offset += static_cast<std::uint64_t>(count);
    bytes -= static_cast<std::uint64_t>(count);
  }
}

}  // namespace

Hdf5Unfinished prepare_hdf5(const Hdf5Target& target) {
  const Hdf5Call call;
  const Hdf5Place place = place_of(target);
  if (const std::string other = target.file + ".part"; fs::exists(other)) fail_for_other(place, other);
  const std::uint64_t mark = new_mark(), bytes = bytes_of(target);
  const auto owner = std::make_shared<UnfinishedFile>(target.file, true, mark_text(mark));
  owner->make(false, place);
  const auto closed = hdf5_lock();  // HDF5 must not have it open for reading
  if (!owner->reserve(bytes)) fail_for_room(place, target.file, bytes);
  Hdf5Unfinished made{.file = {.part = owner->path(), .mark = mark, .owner = owner}};
  Writing writing(owner->path(), target.options, place);
  writing.create(true, nullptr);
  writing.add_file_attributes();
  for (const Hdf5Job& job : target.jobs) {
    writing.at(rooted(job.dataset));
    writing.add_dataset(job.type, job.options.shape, job.options, H5D_ALLOC_TIME_EARLY);
    writing.add_attributes(job.options);
    writing.add_scales(job.options.shape, job.options, true);
    made.begins.push_back(writing.begin());
  }
  writing.flush();
  writing.close();
  if (!owner->fill()) fail_for_room(place, target.file, bytes);
  return made;
}

void write_hdf5_box(const void* memory, const Hdf5Unfinished& unfinished, const Hdf5Target& target,
                    std::uint64_t entry, const Extents& offset, const Extents& shape) {
  if (shape.product() == 0) return;
  const Hdf5Job& job = target.jobs.at(entry);
  const Hdf5Place place{target.file, rooted(job.dataset)};
  const std::uint64_t begin = unfinished.begins.at(entry), element = job.type.bytes;
  if (begin == 0) place.fail("HDF5 has left no room for its elements");
  Descriptor opened(open(unfinished.file.part.c_str(), O_WRONLY | O_CLOEXEC));
  if (!opened.is_open())
    place.fail(unfinished.file.part + " cannot be opened: " + std::string(std::strerror(errno)));
  const auto* from = static_cast<const std::byte*>(memory);
  for_each_run(job.options.shape, offset, shape,
               [&](std::uint64_t to, std::uint64_t in_block, std::uint64_t count) {
                 put_at(opened, from + in_block * element, count * element, begin + to * element, place);
               });
  if (!opened.close()) place.fail("cannot be written: " + std::string(std::strerror(errno)));
}

WrittenBlocks flush_hdf5(Communicator& communicator, Inputs<WrittenBlocks>, const WrittenBlocks& written,
                         const Hdf5Unfinished& unfinished, const Hdf5Target& target) {
  communicator.agree([&] { sync_to_disk(unfinished.file.part, communicator.rank() == 0, place_of(target)); });
  return written;
}

void finish_hdf5(const WrittenBlocks& written, const Hdf5Unfinished& unfinished, const Hdf5Target& target) {
  const Hdf5Call call;
  std::uint64_t elements = 0;
  for (const Hdf5Job& job : target.jobs) elements += job.options.shape.product();
  if (written.elements != elements || written.mark != unfinished.file.mark)
    place_of(target).fail("expected all of " + std::to_string(elements) +
                          " elements to be written in one place, found " + std::to_string(written.elements));
  if (unfinished.file.owner == nullptr) place_of(target).fail("was prepared on another rank");
  for (const Hdf5Job& job : target.jobs)
    verify(unfinished.file.part, job.type, job.options.shape, {target.file, rooted(job.dataset)});
  std::static_pointer_cast<UnfinishedFile>(unfinished.file.owner)->publish(place_of(target));
}

Delayed<void> written_by_blocks(const Hdf5Target& target, const std::vector<Hdf5BlockWriter>& writers,
                                const std::string& name, std::source_location where) {
  const Delayed<Hdf5Target> stored = value(target, where);
  const Delayed<Hdf5Unfinished> made =
      delayed<&prepare_hdf5>.annotate({.name = "prepare " + name, .rank = 0})(stored, where);
  Family<WrittenBlocks> all = writers.front()(made, stored, 0);
  for (std::size_t k = 1; k < writers.size(); ++k)
    all = map<&together>({all, where}, writers[k](made, stored, k));
  Index first;
  first.dims = all.extent().dims;
  const Delayed<WrittenBlocks> flushed = collective<&flush_hdf5>.annotate({.name = "flush " + name})(
      std::vector<Delayed<WrittenBlocks>>(), all[first], made, stored, where);
  // A member, which is kept, since a task would have what it reads made again whenever it is computed. On the
  // rank where the file was prepared, so that its owner is there until the end.
  const Family<void> finished = map_families<&finish_hdf5, void>(
      {single_source(flushed.task_handle()), single_source(made.task_handle()),
       single_source(stored.task_handle())},
      where);
  return finished.annotate({.name = "finish " + name, .rank = 0}, where)[Index(0)];
}

}  // namespace ramal::detail
