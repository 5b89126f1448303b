// SPDX-License-Identifier: BSD-3-Clause
// Locals: data that each rank of an MPI program has already, on their way into a session and back.
//
//   ramal::Locals locals;
//   locals.put("field", std::move(field));                           // on every rank
//   ramal::run(communicator, locals, [](ramal::Session& session) {   // on rank 0
//     auto fields = session.from_local<Field>("field");              // a handle for each rank's
//     session.to_local("field", ramal::map<smooth>(fields));
//   });
//   field = locals.take<Field>("field");                             // on every rank
#pragma once

#include <ramal/value.hpp>

#include <map>
#include <stdexcept>
#include <string>

namespace ramal {

/// Named values of one rank. The program puts some in before `run`, on every rank; inside,
/// `session.from_local<T>(name)` names those of all ranks, and `session.to_local(name, handles)` leaves one
/// result on each; after `run`, each rank takes what is its own. Nothing is copied or sent but what tasks ask
/// for: they see a local through `const T&` where it lies, and a by-value parameter gets a copy, since a
/// local is never changed. Belongs to one thread; must not be used while `run` runs. Ranks may hold different
/// names; only what all have can be named by `from_local`. Under RAMAL_SCHEDULER=serial there is one rank,
/// that of the program.
class Locals {
 public:
  /// Adds a value under a name. Moves it in; a Block that wraps memory goes on using that memory. Throws
  /// std::invalid_argument if the name is taken.
  template <class T>
  void put(const std::string& name, T value) {
    static_assert(Encodable<T>, "ramal: this value cannot be encoded, so it cannot travel to another rank");
    if (!values_.emplace(name, Value::make<T>(std::move(value))).second)
      throw std::invalid_argument("ramal: there is a local '" + name + "' on this rank already");
  }
  /// There is a value of that name, of whatever type. O(log names), like put and take.
  bool contains(const std::string& name) const { return values_.contains(name); }
  /// Moves the value out, or copies it if something else still shares it. It is gone from here then. Throws
  /// std::invalid_argument if there is none of that name, or it is not a T; then nothing has changed.
  template <class T>
  T take(const std::string& name) {
    const auto found = values_.find(name);
    if (found == values_.end())
      throw std::invalid_argument("ramal: there is no local '" + name + "' on this rank");
    Value& value = found->second;
    if (value.type().name != detail::type_name<T>) {
      throw std::invalid_argument("ramal: the local '" + name + "' is a " + std::string(value.type().name) +
                                  ", not a " + std::string(detail::type_name<T>));
    }
    const Value taken = std::move(value);
    values_.erase(found);
    if (taken.unique()) return std::move(const_cast<T&>(taken.get<T>()));
    return taken.get<T>();
  }

  /// For Ramal's own use.
  std::map<std::string, Value>& values() { return values_; }

 private:
  std::map<std::string, Value> values_;
};

}  // namespace ramal
