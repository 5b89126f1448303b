// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/trace_reader.hpp"

#ifdef RAMAL_HAS_ZLIB
#include <zlib.h>
#endif

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace ramal::detail {

namespace {

/// A file's bytes, one after another.
class TraceInput {
 public:
  static constexpr int end = -1;

  explicit TraceInput(const std::string& path) : path_(path), buffer_(std::size_t{1} << 18) {
    errno = 0;
#ifdef RAMAL_HAS_ZLIB
    file_.reset(gzopen(path.c_str(), "rb"));  // which reads as they are those that are not compressed
#else
    file_.reset(std::fopen(path.c_str(), "rb"));
#endif
    if (!file_) fail();
  }
  int peek() { return at_ < filled_ || fill() ? static_cast<unsigned char>(buffer_[at_]) : end; }
  int next() {
    const int byte = peek();
    if (byte != end) ++at_;
    return byte;
  }
  std::uint64_t place() const { return before_ + at_; }
  const std::string& path() const { return path_; }

 private:
  [[noreturn]] void fail() const {
    throw std::system_error(errno != 0 ? errno : EIO, std::generic_category(), path_);
  }
  bool fill() {
    before_ += filled_;
    at_ = filled_ = 0;
    errno = 0;
#ifdef RAMAL_HAS_ZLIB
    const int got = gzread(file_.get(), buffer_.data(), static_cast<unsigned>(buffer_.size()));
    if (got < 0) fail();
#else
    const std::size_t got = std::fread(buffer_.data(), 1, buffer_.size(), file_.get());
    if (got == 0 && std::ferror(file_.get()) != 0) fail();
#endif
    filled_ = static_cast<std::size_t>(got);
    return filled_ > 0;
  }

#ifdef RAMAL_HAS_ZLIB
  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };
  std::unique_ptr<std::remove_pointer_t<gzFile>, Close> file_;
#else
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
#endif
  const std::string path_;
  std::vector<char> buffer_;
  std::size_t at_ = 0, filled_ = 0;
  std::uint64_t before_ = 0;  // bytes of earlier buffers
};

/// JSON in one pass (RFC 8259), as far as traces use it.
class TraceParser {
 public:
  explicit TraceParser(const std::string& path) : in_(path) {}

  TraceNotes read(const std::function<void(const TraceEvent&)>& use) {
    if (peek() == '[') {  // the format's short form
      events(use);
      return notes_;
    }
    bool has_events = false;
    object([&] {
      if (key_ == "traceEvents") {
        has_events = true;
        events(use);
      } else if (key_ == "otherData") {
        keep({});
      } else {
        skip(0);
      }
    });
    if (!has_events) fail("an object with \"traceEvents\"");
    return std::move(notes_);
  }

 private:
  static constexpr int deepest = 64;

  [[noreturn]] void fail(const std::string& expected) {
    const int byte = in_.peek();
    throw std::runtime_error(
        in_.path() + ": byte " + std::to_string(in_.place()) + ": expected " + expected + ", found " +
        (byte == TraceInput::end ? "its end" : "'" + std::string(1, static_cast<char>(byte)) + "'"));
  }
  int peek() {
    int byte = in_.peek();
    while (byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r') {
      in_.next();
      byte = in_.peek();
    }
    return byte;
  }
  void expect(char wanted) {
    if (peek() != wanted) fail(std::string("'") + wanted + "'");
    in_.next();
  }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    in_.next();
    return true;
  }

  /// Calls `use` before each value, with its name in key_.
  template <class Use>
  void object(const Use& use) {
    expect('{');
    if (take('}')) return;
    do {
      if (peek() != '"') fail("a name");
      text(key_);
      expect(':');
      use();
    } while (take(','));
    expect('}');
  }
  template <class Use>
  void array(const Use& use) {
    expect('[');
    if (take(']')) return;
    do {
      use();
    } while (take(','));
    expect(']');
  }

  void text(std::string& into) {
    expect('"');
    into.clear();
    for (;;) {
      const int byte = in_.next();
      if (byte == '"') return;
      if (byte == TraceInput::end) fail("the end of a text");
      if (byte != '\\') {
        into += static_cast<char>(byte);
        continue;
      }
      static constexpr std::string_view letters = "bfnrt", meant = "\b\f\n\r\t";
      const int letter = in_.next();
      const auto place = letters.find(static_cast<char>(letter));
      if (letter == 'u') {
        unicode(into);
      } else {
        into += place != std::string_view::npos ? meant[place] : static_cast<char>(letter);
      }
    }
  }
  unsigned hexadecimal() {
    unsigned value = 0;
    for (int digit = 0; digit < 4; ++digit) {
      const char byte = static_cast<char>(in_.peek());
      unsigned one = 0;
      if (std::from_chars(&byte, &byte + 1, one, 16).ec != std::errc()) fail("a hexadecimal digit");
      in_.next();
      value = 16 * value + one;
    }
    return value;
  }
  void unicode(std::string& into) {
    unsigned point = hexadecimal();
    if (point >= 0xd800 && point < 0xdc00 && in_.peek() == '\\') {  // a pair stands for one
      in_.next();
      if (in_.next() != 'u') fail("the other half of a letter");
      point = 0x10000 + ((point - 0xd800) << 10) + (hexadecimal() - 0xdc00);
    }
    if (point < 0x80) {
      into += static_cast<char>(point);
      return;
    }
    const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static constexpr unsigned heads[] = {0, 0xc0, 0xe0, 0xf0};
    into += static_cast<char>(heads[more] | (point >> 6 * more));
    for (int shift = 6 * (more - 1); shift >= 0; shift -= 6)
      into += static_cast<char>(0x80 | ((point >> shift) & 0x3f));
  }

  /// A number, true, false or null.
  void word(std::string& into) {
    into.clear();
    for (int byte = peek();
         byte != TraceInput::end && (std::isalnum(byte) != 0 || byte == '-' || byte == '+' || byte == '.');
         byte = in_.peek())
      into += static_cast<char>(in_.next());
    if (into.empty()) fail("a value");
  }
  /// A text, number or truth; others are left out, and it is false.
  bool scalar(std::string& into) {
    const int first = peek();
    if (first == '{' || first == '[') {
      skip(0);
      return false;
    }
    first == '"' ? text(into) : word(into);
    return true;
  }
  void skip(int depth) {
    if (depth > deepest) fail("no more than 64 values in each other");
    const int first = peek();
    if (first == '{') {
      object([&] { skip(depth + 1); });
    } else if (first == '[') {
      array([&] { skip(depth + 1); });
    } else {
      scalar(skipped_);
    }
  }
  void keep(const std::string& name) {
    if (std::ranges::count(name, '.') > deepest) fail("no more than 64 values in each other");
    const std::string before = name.empty() ? name : name + ".";
    const int first = peek();
    if (first == '{') {
      object([&] { keep(before + key_); });
    } else if (first == '[') {
      int number = 0;
      array([&] { keep(before + std::to_string(number++)); });
    } else {
      std::string value;
      scalar(value);
      notes_.emplace_back(name, std::move(value));
    }
  }

  static double number_of(const std::string& word) {
    double value = word == "true" ? 1 : 0;
    std::from_chars(word.data(), word.data() + word.size(), value);
    return std::isfinite(value) ? value : 0;
  }
  /// Microseconds as nanoseconds: exactly, where there are no more than three places behind the point.
  static Moment nanoseconds_of(const std::string& word) {
    constexpr double most =
        1e16;  // a hundred days: what is beyond is damaged, and sums of it must not overflow
    Moment whole = 0;
    const char* end = word.data() + word.size();
    const auto [rest, error] = std::from_chars(word.data(), end, whole);
    const bool is_plain = error == std::errc() && std::abs(whole) < static_cast<Moment>(most / 1000) &&
                          end - rest <= 4 &&
                          std::all_of(rest, end, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
    if (!is_plain) return static_cast<Moment>(std::clamp(std::round(1000 * number_of(word)), -most, most));
    Moment part = 0;
    for (int digit = 1; digit <= 3; ++digit) part = 10 * part + (rest + digit < end ? rest[digit] - '0' : 0);
    return 1000 * whole + (word.front() == '-' ? -part : part);
  }
  int integer_of(const std::string& word) { return static_cast<int>(std::clamp(number_of(word), 0.0, 2e9)); }

  void events(const std::function<void(const TraceEvent&)>& use) {
    array([&] {
      event_.phase = 0;
      event_.process = event_.thread = 0;
      event_.at = event_.took = 0;
      event_.name.clear();
      event_.category.clear();
      event_.id.clear();
      used_ = 0;
      object([&] { field(); });
      event_.arguments.resize(used_);
      use(event_);
    });
  }
  void field() {
    if (key_ == "args" && peek() == '{') {
      object([&] {
        if (used_ == event_.arguments.size()) event_.arguments.emplace_back();
        auto& argument = event_.arguments[used_];
        argument.key = key_;
        const bool is_text = peek() == '"';
        if (!scalar(argument.text)) return;
        argument.number = is_text ? 0 : number_of(argument.text);
        ++used_;
      });
      return;
    }
    const std::string key = key_;
    if (!scalar(value_)) return;
    if (key == "ph") event_.phase = value_.empty() ? '\0' : value_.front();
    if (key == "pid") event_.process = integer_of(value_);
    if (key == "tid") event_.thread = integer_of(value_);
    if (key == "ts") event_.at = nanoseconds_of(value_);
    if (key == "dur") event_.took = std::max<Moment>(0, nanoseconds_of(value_));
    if (key == "name") event_.name = value_;
    if (key == "cat") event_.category = value_;
    if (key == "id") event_.id = value_;
  }

  TraceInput in_;
  std::string key_, value_, skipped_;
  TraceEvent event_;
  std::size_t used_ = 0;  // arguments of this event; others are kept for their memory
  TraceNotes notes_;
};

}  // namespace

const TraceEvent::Argument* TraceEvent::find(std::string_view key) const {
  const auto found = std::ranges::find(arguments, key, &Argument::key);
  return found == arguments.end() ? nullptr : &*found;
}

double TraceEvent::number(std::string_view key) const {
  const Argument* found = find(key);
  return found == nullptr ? 0 : found->number;
}

TraceNotes read_trace(const std::string& path, const std::function<void(const TraceEvent&)>& use) {
  return TraceParser(path).read(use);
}

}  // namespace ramal::detail
