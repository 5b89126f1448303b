// SPDX-License-Identifier: BSD-3-Clause
// Inputs<T>: a task's view of many results, without copying any.
#pragma once

#include <ramal/detail/compiler.hpp>

#include <cstddef>
#include <iterator>
#include <span>

namespace ramal {

/// A parameter of a task: a range of `const T&`, given a vector or array of Delayed<T>. Refers to results
/// only while the task runs. It is a view: indexing, iteration and copies of it are O(1).
template <class T>
class Inputs {
 public:
  class iterator {
   public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = const T&;

    iterator() = default;
    explicit iterator(const T* const* at) : at_(at) {}
    reference operator*() const { return **at_; }
    pointer operator->() const { return *at_; }
    reference operator[](difference_type n) const { return *at_[n]; }
    iterator& operator++() { return ++at_, *this; }
    iterator operator++(int) { return iterator(at_++); }
    iterator& operator--() { return --at_, *this; }
    iterator operator--(int) { return iterator(at_--); }
    iterator& operator+=(difference_type n) { return at_ += n, *this; }
    iterator& operator-=(difference_type n) { return at_ -= n, *this; }
    friend iterator operator+(iterator i, difference_type n) { return i += n; }
    friend iterator operator+(difference_type n, iterator i) { return i += n; }
    friend iterator operator-(iterator i, difference_type n) { return i -= n; }
    friend difference_type operator-(iterator a, iterator b) { return a.at_ - b.at_; }
    auto operator<=>(const iterator&) const = default;

   private:
    const T* const* at_ = nullptr;
  };

  Inputs() = default;
  explicit Inputs(std::span<const T* const> objects) : objects_(objects) {}

  std::size_t size() const { return objects_.size(); }
  bool empty() const { return objects_.empty(); }
  const T& operator[](std::size_t i) const { return *objects_[i]; }
  iterator begin() const { return iterator(objects_.data()); }
  iterator end() const { return iterator(objects_.data() + objects_.size()); }

 private:
  std::span<const T* const> objects_;
};

}  // namespace ramal
