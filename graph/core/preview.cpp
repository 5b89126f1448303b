// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/preview.hpp>

#include <algorithm>
#include <streambuf>

namespace ramal::detail {

namespace {

/// Takes so many bytes and then no more, upon which the stream no longer tries.
class Beginning : public std::streambuf {
 public:
  explicit Beginning(std::size_t longest) : longest_(longest) {}
  std::string text;

 protected:
  std::streamsize xsputn(const char* from, std::streamsize count) override {
    const std::size_t taken = std::min(static_cast<std::size_t>(count), longest_ - text.size());
    text.append(from, taken);
    return static_cast<std::streamsize>(taken);
  }
  int_type overflow(int_type c) override {
    if (traits_type::eq_int_type(c, traits_type::eof()) || text.size() == longest_) return traits_type::eof();
    text += traits_type::to_char_type(c);
    return c;
  }

 private:
  std::size_t longest_;
};

}  // namespace

std::string printed(void (*print)(std::ostream& out, const void* object), const void* object,
                    std::size_t longest) {
  Beginning beginning(longest);
  std::ostream out(&beginning);
  try {
    print(out, object);
  } catch (...) {  // a text for an error must not be one itself
    return {};
  }
  return std::move(beginning.text);
}

}  // namespace ramal::detail
