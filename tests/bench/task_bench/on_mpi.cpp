// SPDX-License-Identifier: BSD-3-Clause
#include "tests/bench/task_bench/on_mpi.hpp"

#include <cstring>
#include <memory>
#include <stdexcept>

namespace task_bench {

namespace {

/// One graph's columns on this rank.
class Columns {
 public:
  Columns(MPI_Comm communicator, const Graph& graph, Manner manner)
      : communicator_(communicator), graph_(graph), manner_(manner), bytes_(graph.config().output_bytes) {
    int ranks = 0;
    MPI_Comm_size(communicator, &ranks);
    MPI_Comm_rank(communicator, &rank_);
    const long width = graph.config().width;
    if (width > 46340) throw std::invalid_argument("task_bench: MPI's tags reach for -width 46340");
    for (int rank = 0; rank < ranks; ++rank) {
      const long end = width * (rank + 1) / ranks;
      if (rank == rank_) first_ = width * rank / ranks, end_ = end;
      rank_of_.resize(static_cast<std::size_t>(end), rank);
    }
    std::size_t most = 0;
    for (long step = 1; step < graph.config().steps; ++step) {
      for (long point = first_; point < end_; ++point)
        most = std::max(most, graph.dependences(step, point).size());
    }
    most_inputs_ = most;
    const auto columns = static_cast<std::size_t>(end_ - first_);
    for (auto& row : outputs_) row.resize(columns * bytes_);
    inputs_.resize(columns * most * bytes_);
    at_.resize(columns * most);
    scratch_.resize(columns * graph.config().scratch_bytes);
    for (std::size_t k = 0; k < columns; ++k) Graph::prepare(scratch(k));
  }

  void step(long step) {
    const long begin = std::max(first_, graph_.offset(step));
    const long end = std::min(end_, graph_.offset(step) + graph_.width(step));
    requests_.clear();
    for (long point = begin; point < end; ++point) receive(step, point);
    if (step > 0) {
      const long from = std::max(first_, graph_.offset(step - 1));
      const long to = std::min(end_, graph_.offset(step - 1) + graph_.width(step - 1));
      for (long point = from; point < to; ++point) send(step - 1, point);
    }
    MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
    for (long point = begin; point < end; ++point) run(step, point);
  }

 private:
  std::size_t column(long point) const { return static_cast<std::size_t>(point - first_); }
  std::byte* output(long step, long point) { return outputs_[step % 2].data() + column(point) * bytes_; }
  std::span<std::byte> scratch(std::size_t k) {
    const std::size_t bytes = graph_.config().scratch_bytes;
    return {scratch_.data() + k * bytes, bytes};
  }
  int tag(long from, long to) const { return static_cast<int>(from * graph_.config().width + to); }
  void receive(long step, long point) {
    std::size_t k = column(point) * most_inputs_;
    for (const long from : graph_.dependences(step, point)) {
      std::byte* here = inputs_.data() + k * bytes_;
      const int rank = rank_of_[static_cast<std::size_t>(from)];
      if (rank != rank_) {
        MPI_Irecv(here, static_cast<int>(bytes_), MPI_BYTE, rank, tag(from, point), communicator_,
                  &requests_.emplace_back());
      } else if (manner_ == Manner::nonblock) {
        std::memcpy(here, output(step - 1, from), bytes_);
      } else {
        here = output(step - 1, from);
      }
      at_[k++] = here;
    }
  }
  void send(long step, long point) {
    for (const long to : graph_.consumers(step, point)) {
      const int rank = rank_of_[static_cast<std::size_t>(to)];
      if (rank == rank_) continue;
      MPI_Isend(output(step, point), static_cast<int>(bytes_), MPI_BYTE, rank, tag(point, to), communicator_,
                &requests_.emplace_back());
    }
  }
  void run(long step, long point) {
    const std::size_t count = graph_.dependences(step, point).size();
    std::byte* const* at = at_.data() + column(point) * most_inputs_;
    if (bytes_ == sizeof(Mark)) {
      struct Marks {
        std::byte* const* at;
        std::size_t count;
        std::size_t size() const { return count; }
        const Mark& operator[](std::size_t k) const { return *reinterpret_cast<const Mark*>(at[k]); }
      };
      *reinterpret_cast<Mark*>(output(step, point)) =
          graph_.execute(step, point, Marks{at, count}, scratch(column(point)));
    } else {
      spans_.clear();
      for (std::size_t k = 0; k < count; ++k) spans_.emplace_back(at[k], bytes_);
      graph_.execute(step, point, spans_, {output(step, point), bytes_}, scratch(column(point)));
    }
  }

  MPI_Comm communicator_;
  const Graph& graph_;
  Manner manner_;
  std::size_t bytes_;
  int rank_ = 0;
  long first_ = 0, end_ = 0;
  std::size_t most_inputs_ = 0;
  std::vector<int> rank_of_;           // by point
  std::vector<std::byte> outputs_[2];  // by row's parity, then column
  std::vector<std::byte> inputs_;      // by column, then input
  std::vector<std::byte*> at_;         // where an input is
  std::vector<std::byte> scratch_;
  std::vector<MPI_Request> requests_;
  std::vector<std::span<const std::byte>> spans_;
};

}  // namespace

double run_on_mpi(MPI_Comm communicator, const std::vector<Graph>& graphs, Manner manner) {
  std::vector<std::unique_ptr<Columns>> all;
  long steps = 0;
  for (const Graph& graph : graphs) {
    all.push_back(std::make_unique<Columns>(communicator, graph, manner));
    steps = std::max(steps, graph.config().steps);
  }
  MPI_Barrier(communicator);
  const double start = MPI_Wtime();
  for (long step = 0; step < steps; ++step) {
    for (std::size_t k = 0; k < graphs.size(); ++k) {
      if (step < graphs[k].config().steps) all[k]->step(step);
    }
  }
  MPI_Barrier(communicator);
  return MPI_Wtime() - start;
}

}  // namespace task_bench
