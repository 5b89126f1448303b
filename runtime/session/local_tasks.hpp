// SPDX-License-Identifier: BSD-3-Clause
// LocalTasks: tasks that stand for what the embedding program had on its ranks before the run; see Locals.
//
// Invariant: the tasks of a name that was asked for are held to the end, since later calls name the same, and
// the last handle to go would free the values.
//
// Under the pump's lock.
#pragma once

#include "runtime/session/kept_results.hpp"

namespace ramal::detail {

/// A local that some rank of the embedding program has.
struct LocalInfo {
  std::string name;
  std::string type;
  std::uint64_t bytes = 0;  ///< 0: unknown

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& name& type& bytes;
  }
};
using LocalInfos = std::vector<LocalInfo>;

class LocalTasks {
 public:
  /// `locals`: by rank, of those that have any.
  LocalTasks(std::vector<LocalInfos> locals, const std::vector<std::string>& hosts);

  /// One task a rank. Throws std::invalid_argument where a rank has none of that name and type.
  const std::vector<TaskHandle>& of(const std::string& name, const Kind& kind, KeptResults& kept);

 private:
  const LocalInfo& local_of(std::uint32_t rank, const std::string& name, const Kind& kind) const;

  std::vector<LocalInfos> locals_;
  const std::vector<std::string>& hosts_;
  std::map<std::string, std::vector<TaskHandle>> tasks_;
};

}  // namespace ramal::detail
