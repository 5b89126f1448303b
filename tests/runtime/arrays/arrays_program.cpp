// SPDX-License-Identifier: BSD-3-Clause
// Runs what make_corpus.py wrote, and compares it with NumPy's results: arrays_program FOLDER.
#include "corpus.hpp"

#include <fstream>
#include <iostream>
#include <sstream>

using namespace ramal;

namespace {

template <class T>
constexpr std::string_view type_name_of() {
  if constexpr (std::same_as<T, bool>) return "bool";
  if constexpr (std::same_as<T, std::uint8_t>) return "uint8";
  if constexpr (std::same_as<T, std::int32_t>) return "int32";
  if constexpr (std::same_as<T, std::int64_t>) return "int64";
  if constexpr (std::same_as<T, std::uint64_t>) return "uint64";
  if constexpr (std::same_as<T, float>) return "float32";
  if constexpr (std::same_as<T, double>) return "float64";
  return "complex128";
}

/// How far a result may be from NumPy's: |found - want| <= absolute + relative |want|. If it is `strict`,
/// zeros have signs, and the parts of a complex number that is not finite are compared each by itself.
struct Tolerance {
  double relative, absolute;
  bool strict;
};
template <class T>
bool is_near(const T& found, const T& want, const Tolerance& allowed) {
  if constexpr (std::integral<T>) {
    return found == want;
  } else {
    const bool is_finite = detail::IsFinite{}(found) && detail::IsFinite{}(want);
    if constexpr (detail::is_complex<T>) {
      if (allowed.strict && (!is_finite || allowed.relative == 0))
        return is_near(found.real(), want.real(), allowed) && is_near(found.imag(), want.imag(), allowed);
    } else if (allowed.strict && found == T(0) && want == T(0)) {
      return std::signbit(found) == std::signbit(want);
    }
    if (found == want || (detail::is_nan_value(found) && detail::is_nan_value(want))) return true;
    return is_finite && std::abs(found - want) <= static_cast<detail::Real<T>>(
                                                      allowed.absolute + allowed.relative * std::abs(want));
  }
}

class Corpus {
 public:
  Corpus(Session& session, const std::string& folder) : session_(session), text_(folder + "/corpus.txt") {
    std::ifstream file(folder + "/corpus.bin", std::ios::binary);
    data_.assign(std::istreambuf_iterator<char>(file), {});
    if (!text_ || data_.empty()) throw std::runtime_error("there is no corpus in " + folder);
    corpus::add_unary(operations_);
    corpus::add_binary(operations_);
    corpus::add_reductions(operations_);
    corpus::add_special(operations_);
    corpus::add_moves(operations_);
    corpus::add_selections(operations_);
    corpus::add_orders(operations_);
    corpus::add_statistics(operations_);
    corpus::add_blocks(operations_);
#ifdef CORPUS_LINALG
    corpus::add_linalg(operations_);
#endif
#ifdef CORPUS_FFT
    corpus::add_fft(operations_);
#endif
  }

  /// False if anything was wrong.
  bool run() {
    std::string line;
    while (std::getline(text_, line)) {
      words_ = std::istringstream(line);
      const auto what = next<std::string>();
      if (what == "end") return report(true);
      try {
        step(what, line);
      } catch (const std::exception& error) {
        wrong(line, error.what());
        skip_case();
      }
    }
    return report(false);
  }

 private:
  template <class T>
  T next() {
    T value{};
    words_ >> value;
    return value;
  }
  /// Also one that streams and std::stod refuse, as being below all normal ones.
  double fraction() { return std::strtod(next<std::string>().c_str(), nullptr); }
  void step(const std::string& what, const std::string& line) {
    if (what == "case") {
      number_ = next<int>();
      ++cases_;
      program_.clear();
      values_.clear();
      return;
    }
    program_ += line + '\n';
    const auto name = next<std::string>();
    if (what == "check") {
      check(name);
    } else if (what == "input") {
      values_.insert_or_assign(name, input());
    } else if (what == "unary" || what == "value") {
      const auto op = next<std::string>();
      const auto& of = values_.at(next<std::string>());
      values_.insert_or_assign(name,
                               (what == "unary" ? operations_.unary : operations_.with_value).at(op)(of));
    } else if (what == "binary") {
      const auto op = next<std::string>();
      const auto& left = values_.at(next<std::string>());
      const auto& right = values_.at(next<std::string>());
      values_.insert_or_assign(name, operations_.binary.at(op)(left, right));
    } else if (what == "reduce") {
      const auto op = next<std::string>();
      const auto& of = values_.at(next<std::string>());
      corpus::ReduceCall call;
      call.whole = next<int>() != 0;
      call.keepdims = next<int>() != 0;
      call.axes = numbers();
      values_.insert_or_assign(name, operations_.reduce.at(op)(of, call));
    } else if (what == "call") {
      values_.insert_or_assign(name, called());
    } else {
      const auto& of = values_.at(next<std::string>());
      values_.insert_or_assign(
          name, std::visit([&](const auto& array) -> corpus::Any { return moved(what, array); }, of));
    }
  }
  corpus::Any called() {
    const auto op = next<std::string>();
    corpus::Call call{session_, {}, {}, {}, {}, {}};
    for (auto left = next<int>(); left > 0; --left) call.arrays.push_back(&values_.at(next<std::string>()));
    call.numbers = numbers();
    for (auto left = next<int>(); left > 0; --left) call.fractions.push_back(fraction());
    call.parts = parts();
    words_ >> call.text;
    return operations_.functions.at(op)(call);
  }
  std::vector<std::int64_t> numbers() {
    std::vector<std::int64_t> all(next<std::size_t>());
    for (auto& one : all) one = next<std::int64_t>();
    return all;
  }
  /// How an array is cut; regular lengths only if all are.
  Chunks cut(const Extents& shape) {
    std::vector<std::vector<std::int64_t>> all;
    for (std::size_t d = 0; d < shape.size(); ++d) {
      const bool is_regular = next<std::string>() == "w";
      auto lengths = numbers();
      if (is_regular) {
        const std::int64_t width = lengths[0];
        lengths.clear();
        for (auto left = static_cast<std::int64_t>(shape[d]); left > 0; left -= width)
          lengths.push_back(std::min(left, width));
        if (lengths.empty()) lengths.push_back(0);
      }
      all.push_back(std::move(lengths));
    }
    return Chunks(std::move(all));
  }
  template <class T>
  Array<T> moved(const std::string& what, const Array<T>& array) {
    if (what == "transpose") return array.transpose(numbers());
    if (what == "rechunk") return array.rechunk(cut(array.shape()));
    return Array<T>(array.state().indexed(parts(), {}));
  }
  /// The arguments of `a(…)`.
  std::vector<detail::IndexPart> parts() {
    std::vector<detail::IndexPart> parts;
    const auto count = next<std::size_t>();
    const auto bound = [&]() -> std::optional<std::int64_t> {
      const auto word = next<std::string>();
      if (word == "_") return std::nullopt;
      return std::stoll(word);
    };
    while (parts.size() < count) {
      const auto kind = next<std::string>();
      if (kind == "i") parts.push_back(next<std::int64_t>());
      if (kind == "a") parts.push_back(all);
      if (kind == "n") parts.push_back(newaxis);
      if (kind == "e") parts.push_back(ellipsis);
      if (kind != "s") continue;
      const auto start = bound(), stop = bound();
      parts.push_back(Slice{start, stop, next<std::int64_t>()});
    }
    return parts;
  }
  Extents shape() {
    Extents shape = Extents::filled(next<std::size_t>(), 0);
    for (std::size_t d = 0; d < shape.size(); ++d) shape[d] = next<std::uint64_t>();
    return shape;
  }
  corpus::Any input() {
    const auto type = next<std::string>();
    const auto at = next<std::size_t>();
    const Extents lengths = shape();
    const Chunks chunks = cut(lengths);
    std::optional<corpus::Any> made;
    const auto make = [&]<class T>(T) {
      if (type == type_name_of<T>())
        made = from_memory(reinterpret_cast<const T*>(data_.data() + at), lengths, chunks);
    };
    make(bool());
    make(std::uint8_t());
    make(std::int32_t());
    make(std::int64_t());
    make(float());
    make(double());
    make(corpus::Complex());
    return made.value();
  }
  void check(const std::string& name) {
    const auto type = next<std::string>();
    const auto at = next<std::size_t>();
    Tolerance allowed{};
    allowed.relative = fraction();
    allowed.absolute = fraction();
    allowed.strict = next<std::string>() == "strict";
    const Extents expected = shape();
    std::visit(
        [&](const auto& array) {
          using T = typename std::remove_cvref_t<decltype(array)>::value_type;
          ++checks_;
          if (type_name_of<T>() != type || array.shape() != expected) {
            wrong("check " + name,
                  "is " + array.text() + "; expected type " + type + " and shape " + expected.text());
            return;
          }
          compare(name, session_.compute(array), reinterpret_cast<const T*>(data_.data() + at), allowed);
        },
        values_.at(name));
  }
  template <class T>
  void compare(const std::string& name, const Block<T>& block, const T* expected, const Tolerance& allowed) {
    for (std::size_t i = 0; i < block.size(); ++i) {
      const T found = block.data()[i], want = expected[i];
      if (is_near(found, want, allowed)) continue;
      std::ostringstream text;
      text.precision(17);
      text << "element " << i << " is " << +found << "; expected " << +want;
      wrong("check " + name, text.str());
      return;
    }
  }
  void wrong(const std::string& line, const std::string& problem) {
    if (++failures_ <= 200)
      std::cerr << "case " << number_ << ": " << line << ": " << problem << '\n' << program_ << '\n';
  }
  void skip_case() {
    std::string line;
    for (auto at = text_.tellg(); std::getline(text_, line); at = text_.tellg()) {
      if (!line.starts_with("case") && line != "end") continue;
      text_.seekg(at);
      return;
    }
  }
  bool report(bool ended) {
    std::cout << checks_ << " results of " << cases_ << " array programs: " << failures_ << " wrong"
              << (ended ? "" : ", cut short") << '\n';
    return failures_ == 0 && ended;
  }

  Session& session_;
  std::ifstream text_;
  std::vector<char> data_;
  corpus::Operations operations_;
  std::istringstream words_;
  std::map<std::string, corpus::Any> values_;
  std::string program_;
  int number_ = 0, cases_ = 0, checks_ = 0, failures_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: arrays_program FOLDER\n";
    return 2;
  }
  bool ok = true;
  const int status = ramal::run(argc, argv, [&](Session& session) { ok = Corpus(session, argv[1]).run(); });
  return status != 0 ? status : ok ? 0 : 1;
}
