// SPDX-License-Identifier: BSD-3-Clause
// Value: the result of a task, whatever its type. Type: what can be done with one.
//
// A Value is immutable once a task has made it, and shared by counting, so that it can be kept, sent
// and read at once. Small trivially copyable results (up to 16 bytes) sit inside the Value itself;
// others in a Box on the heap. Copying a Value never copies a boxed object. One Value must not be
// changed by two threads at once; copies of it may be used anywhere.
//
//   empty      type = null
//   in place   type ─▶ Type of double         room: the object itself, at most 16 bytes
//   boxed      type ─▶ Type of Block<float>   room ─▶ { owners, the object }      shared by counting
//   failed     type ─▶ Type of Failure        room ─▶ { owners, the error }       in place of a result
//
// Users meet Values only where they hand data to Ramal themselves (Locals); tasks take and return plain
// types.
//
// All operations of a Value itself are O(1), but for what making, copying or destroying the object costs. The
// count of owners is atomic, so that the last of several threads to let go frees the object.
#pragma once

#include <ramal/codec.hpp>
#include <ramal/detail/name.hpp>
#include <ramal/detail/preview.hpp>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <memory>
#include <new>
#include <utility>

namespace ramal {

class Value;

/// What stands for a result of type void, so that waiting for it is like waiting for any other. It takes no
/// bytes on its way. All of them are equal.
struct Void {
  bool operator==(const Void&) const = default;
};

/// The operations on one C++ type; one constant per type. Two may exist for one type (in two shared
/// libraries), so a Type's address says nothing about identity; compare names. It lives as long as the
/// library that it is in. A function that takes a Value must be given one of that very type.
struct Type {
  std::string_view name;  ///< as a person would write it, with namespaces
  std::size_t bytes;  ///< sizeof
  bool in_place;      ///< sits inside the Value
  bool plain;         ///< and its encoding is its memory, `bytes` long, which nobody need look at
  bool failure;       ///< stands for an error in place of a result
  bool contiguous;    ///< `memory` and the two after it work: it can be sent and received in place
  void (*destroy)(void* box) noexcept;   ///< frees a boxed object whose last owner is gone
  void (*write)(Writer&, const Value&);  ///< appends the encoding; throws what the type's codec throws
  Value (*read)(Reader&);                ///< decodes; throws DecodeError, and what the codec throws
  Spans (*memory)(const Value&);                       ///< contiguous: most of the object, where it lies
  void (*write_head)(Writer&, const Value&);           ///< contiguous: what is needed to make room for it
  Value (*allocate)(Reader& head, std::size_t bytes);  ///< contiguous: an object of that size, to be filled
  std::string (*preview)(const Value&);                ///< at most about 60 characters, for messages
  /// The memory that it keeps beside itself, as far as its codec tells: what a bound on memory counts.
  std::size_t (*held_bytes)(const Value&);
};

namespace detail {

/// What a boxed Value points to: the count of the Values that share the object, then the object.
struct Box {
  std::atomic<std::uint32_t> owners{1};
};
/// A box with its object, made in one allocation.
template <class T>
struct BoxOf : Box {
  template <class... A>
  explicit BoxOf(A&&... args) : object(std::forward<A>(args)...) {}
  T object;
};

/// As much as two registers hold, in which a function returns such results. The System V ABI for x86-64 and
/// the one for 64-bit ARM return trivially copyable classes of up to 16 bytes so.
inline constexpr std::size_t in_place_bytes = 16;
/// A T is kept inside the Value: it can be copied as bytes, is small enough, and asks for no more
/// alignment than the Value has.
template <class T>
inline constexpr bool fits_in_place = std::is_trivially_copyable_v<T> && sizeof(T) <= in_place_bytes &&
                                      alignof(T) <= 8;

/// The Type constant of T. It is defined at the end, since its functions need Value. Initialised when the
/// program is compiled, so it may be used before main().
template <class T>
struct TypeOf {
  static const Type type;
};

/// True for types that stand for an error in place of a result; such a type specialises it. Tasks that read
/// one are not called: it becomes their own result.
template <class T>
inline constexpr bool is_failure = false;

}  // namespace detail

/// One result: empty, or an object of any encodable type. See the top of this file for who may do what.
///
///   const Value made = Value::make<std::vector<int>>(3, 7);        // 7 7 7
///   const Value other = made;                                      // shares the vector
///   other.get<std::vector<int>>().size() == 3
class Value {
 public:
  /// Holds nothing.
  Value() = default;
  /// Shares a boxed object, or copies one in place. The count is raised without order: who copies
  /// has it already.
  Value(const Value& other) noexcept : type_(other.type_), room_(other.room_) {
    if (is_boxed()) box()->owners.fetch_add(1, std::memory_order_relaxed);
  }
  /// Takes the object over and leaves `other` empty.
  Value(Value&& other) noexcept : type_(std::exchange(other.type_, nullptr)), room_(other.room_) {}
  /// Lets go of what it held, and takes or shares the other object.
  Value& operator=(Value other) noexcept {
    std::swap(type_, other.type_);
    std::swap(room_, other.room_);
    return *this;
  }
  /// Frees the object if no other Value shares it; runs its destructor in this thread.
  ~Value() { drop(); }

  /// A Value holding a T made from `args`. Throws what T's constructor throws, or std::bad_alloc.
  template <class T, class... A>
  static Value make(A&&... args) {
    Value value;
    value.emplace<T>(std::forward<A>(args)...);
    return value;
  }
  /// The same as `make`, into this Value, which must be empty.
  template <class T, class... A>
  void emplace(A&&... args) {
    assert(empty());
    if constexpr (detail::fits_in_place<T>) {
      ::new (static_cast<void*>(&room_)) T(std::forward<A>(args)...);
    } else {
      room_.box = new detail::BoxOf<T>(std::forward<A>(args)...);
    }
    type_ = &detail::TypeOf<T>::type;
  }

  /// The same as `emplace` for what `make` returns. A small result goes from registers to where it stays: by
  /// way of the stack, its halves written and then read as one, it would have to wait for all that the task
  /// has begun.
  template <class T, class F>
  void emplace_result(F&& make) {
    assert(empty());
    if constexpr (detail::fits_in_place<T> && sizeof(T) > sizeof(std::uint64_t)) {
      const T made = make();
      copy_words(room_.bytes, reinterpret_cast<const std::byte*>(&made), sizeof(T));
      type_ = &detail::TypeOf<T>::type;
    } else {
      emplace<T>(make());
    }
  }

  /// It holds nothing. Only a Value that was never filled, was moved from or was reset does.
  bool empty() const { return type_ == nullptr; }
  /// Lets go of the object, which is freed if no other Value shares it.
  void reset() noexcept {
    drop();
    type_ = nullptr;
  }
  /// The type of what it holds. It must not be empty.
  const Type& type() const { return *type_; }
  /// The object lies elsewhere, and is shared by counting.
  bool is_boxed() const { return type_ != nullptr && !type_->in_place; }
  /// It holds an error in place of a result.
  bool failed() const { return type_ != nullptr && type_->failure; }

  /// The object. The caller knows its type; a wrong T is undefined. The reference holds as long as this
  /// Value, or, if it is boxed, as long as any Value that shares it.
  template <class T>
  const T& get() const {
    if constexpr (detail::fits_in_place<T>) {
      return *std::launder(reinterpret_cast<const T*>(&room_));
    } else {
      return static_cast<const detail::BoxOf<T>*>(room_.box)->object;
    }
  }
  /// The object, to be moved from or written by whoever holds the only copy of this Value.
  template <class T>
  T& own() {
    assert(unique());
    return const_cast<T&>(get<T>());
  }
  /// No other Value shares the object. True stays true only as long as nobody else can copy this Value. It
  /// acquires: what other owners wrote before they let go is seen.
  bool unique() const { return !is_boxed() || box()->owners.load(std::memory_order_acquire) == 1; }

  /// Makes an empty Value hold an object of a plain type, from its encoding of type.bytes bytes. Neither the
  /// codec nor any other function of the type is called; requires type.plain.
  void set_plain(const Type& type, const std::byte* encoded) {
    assert(empty());
    copy_words(room_.bytes, encoded, type.bytes);
    type_ = &type;
  }
  /// Writes the encoding of a plain type. It goes word by word, as results are written: reading two words at
  /// once would have to wait until both have left the core.
  void write_plain(std::byte* encoded) const { copy_words(encoded, room_.bytes, type_->bytes); }

  /// How many bytes the encoding takes. Runs the type's codec without memory: O(object), and throws what the
  /// codec throws.
  std::size_t encoded_bytes() const {
    Writer count;
    type_->write(count, *this);
    return count.size();
  }

 private:
  /// Copies at most two words, each for itself.
  static void copy_words(std::byte* to, const std::byte* from, std::size_t bytes) {
    constexpr std::size_t word_bytes = sizeof(std::uint64_t);
    std::uint64_t first = 0, second = 0;
    std::memcpy(&first, from, std::min(bytes, word_bytes));
    if (bytes > word_bytes) std::memcpy(&second, from + word_bytes, bytes - word_bytes);
    asm volatile("" : "+r"(first), "+r"(second));  // or the compiler makes them one again
    std::memcpy(to, &first, std::min(bytes, word_bytes));
    if (bytes > word_bytes) std::memcpy(to + word_bytes, &second, bytes - word_bytes);
  }
  /// Requires a boxed object.
  detail::Box* box() const { return room_.box; }
  /// Gives up this owner. The last one acquires what all others released, and destroys the object.
  void drop() noexcept {
    if (is_boxed() && box()->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) type_->destroy(box());
  }

  // Null: empty. Otherwise it says which of the two the room holds.
  const Type* type_ = nullptr;
  union Room {
    alignas(8) std::byte bytes[detail::in_place_bytes];
    detail::Box* box;
  } room_{};
};

namespace detail {

/// What `Codec<T>::held_bytes` tells, or the bulk of a contiguous object; of all others nothing is known.
template <class T>
std::size_t bytes_held_by([[maybe_unused]] const T& object) {
  if constexpr (requires { Codec<T>::held_bytes(object); }) {
    return Codec<T>::held_bytes(object);
  } else if constexpr (Contiguous<T>) {
    return Spans(Codec<T>::memory(object)).bytes();
  } else {
    return 0;
  }
}

/// The functions that the Type of T points to.
template <class T>
struct TypeOperations {
  /// Called once, by the last owner.
  static void destroy(void* box) noexcept { delete static_cast<BoxOf<T>*>(static_cast<Box*>(box)); }
  static void write(Writer& writer, const Value& value) { Codec<T>::write(writer, value.get<T>()); }
  /// What was decoded is moved into its box.
  static Value read(Reader& reader) { return Value::make<T>(Codec<T>::read(reader)); }
  /// These three do nothing for types that are not contiguous.
  static Spans memory([[maybe_unused]] const Value& value) {
    if constexpr (Contiguous<T>) {
      return Codec<T>::memory(value.get<T>());
    } else {
      return {};
    }
  }
  static void write_head([[maybe_unused]] Writer& writer, [[maybe_unused]] const Value& value) {
    if constexpr (Contiguous<T>) Codec<T>::write_head(writer, value.get<T>());
  }
  static Value allocate([[maybe_unused]] Reader& head, [[maybe_unused]] std::size_t bytes) {
    if constexpr (Contiguous<T>) {
      return Value::make<T>(Codec<T>::allocate(head, bytes));
    } else {
      return {};
    }
  }
  static std::size_t held_bytes(const Value& value) { return bytes_held_by(value.get<T>()); }
  /// Numbers and short texts as they are; of what is long or unknown the beginning, or the type.
  static std::string preview(const Value& value) { return ramal::preview(value.get<T>()); }
};

/// One that is looked at when it is encoded is not plain: its codec has to run.
template <class T>
constexpr Type TypeOf<T>::type{.name = type_name<T>,
                               .bytes = sizeof(T),
                               .in_place = fits_in_place<T>,
                               .plain = fits_in_place<T>&& MemoryCodec<T> && !is_looked_at<T>,
                               .failure = is_failure<T>,
                               .contiguous = Contiguous<T>,
                               .destroy = &TypeOperations<T>::destroy,
                               .write = &TypeOperations<T>::write,
                               .read = &TypeOperations<T>::read,
                               .memory = &TypeOperations<T>::memory,
                               .write_head = &TypeOperations<T>::write_head,
                               .allocate = &TypeOperations<T>::allocate,
                               .preview = &TypeOperations<T>::preview,
                               .held_bytes = &TypeOperations<T>::held_bytes};

}  // namespace detail
}  // namespace ramal
