// SPDX-License-Identifier: BSD-3-Clause
// One running DuckDB and its connections.
#pragma once

#include "io/tables/duckdb_api.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ramal::detail::duckdb {

/// A database in memory, without tables of its own, in which SQL text finds lent tables (duckdb_lend.hpp).
/// Connections are kept when they are not needed, since opening one costs as much as a small query. Any
/// thread.
class Instance {
 public:
  /// `memory_bytes` 0: DuckDB's own limit. Throws EngineError.
  Instance(const Api& api, std::uint64_t memory_bytes);

  const Api& api() const { return api_; }
  /// Throws EngineError.
  void limit_memory(std::uint64_t bytes);
  /// After some errors DuckDB refuses whatever else an instance is asked: then it needs a successor.
  void spoil() { is_spoiled_ = true; }
  bool is_spoiled() const { return is_spoiled_; }

 private:
  friend class Lease;
  Owned<Connection> take();
  void give_back(Owned<Connection> connection);
  void set(Connection connection, const std::string& setting) const;

  const Api& api_;
  Owned<Database> database_;
  std::atomic<bool> is_spoiled_ = false;
  std::mutex mutex_;  // guards the rest
  std::vector<Owned<Connection>> idle_;
};

/// A connection that one thread has for one query. It keeps the instance.
class Lease {
 public:
  explicit Lease(std::shared_ptr<Instance> instance)
      : instance_(std::move(instance)), connection_(instance_->take()) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { instance_->give_back(std::move(connection_)); }

  Instance& instance() const { return *instance_; }
  const Api& api() const { return instance_->api(); }
  Connection connection() const { return connection_.get(); }

 private:
  std::shared_ptr<Instance> instance_;
  Owned<Connection> connection_;
};

}  // namespace ramal::detail::duckdb
