// SPDX-License-Identifier: BSD-3-Clause
#include "io/files/codecs.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#ifdef RAMAL_HAS_ZLIB
#include <zlib.h>
#endif
#ifdef RAMAL_HAS_ZSTD
#include <zstd.h>
#endif
#ifdef RAMAL_HAS_BLOSC
#include <blosc.h>
#endif

namespace ramal::detail {

namespace {

#ifdef RAMAL_HAS_ZLIB
constexpr bool has_zlib = true;
#else
constexpr bool has_zlib = false;
#endif
#ifdef RAMAL_HAS_ZSTD
constexpr bool has_zstd = true;
#else
constexpr bool has_zstd = false;
#endif
#ifdef RAMAL_HAS_BLOSC
constexpr bool has_blosc = true;
#else
constexpr bool has_blosc = false;
#endif

struct Known {
  std::string_view name;
  bool is_there;
  std::string_view package;
  int usual, highest;
};
constexpr std::array<Known, 5> known_codecs{{{"gzip", has_zlib, "zlib (zlib1g-dev)", 5, 9},
                                             {"zlib", has_zlib, "zlib (zlib1g-dev)", 1, 9},
                                             {"zstd", has_zstd, "zstd (libzstd-dev)", 3, 22},
                                             {"blosc", has_blosc, "Blosc (libblosc-dev)", 5, 9},
                                             {"crc32c", true, "", 0, 0}}};
const Known* find_codec(std::string_view name) {
  const auto found = std::ranges::find(known_codecs, name, &Known::name);
  return found != known_codecs.end() ? &*found : nullptr;
}

[[noreturn]] void fail(std::string_view codec, const std::string& problem) {
  throw std::runtime_error(std::string(codec) + ": " + problem);
}

/// What is decoded grows as it comes, so that a length that is a lie costs nothing.
class Output {
 public:
  Output(std::string_view codec, std::uint64_t limit) : codec_(codec), limit_(limit) {}
  /// Where the next bytes go, and how many have room there.
  char* at() { return bytes_.data() + filled_; }
  std::size_t room() const { return bytes_.size() - filled_; }
  /// Makes room. Beyond the limit there is one byte, which must not be written.
  void grow(std::uint64_t to = 0) {
    constexpr std::uint64_t least = std::uint64_t{64} << 10;
    bytes_.resize(std::min(limit_ + 1, std::max({least, 2 * std::uint64_t{bytes_.size()}, to})));
  }
  void take(std::size_t count) {
    filled_ += count;
    if (filled_ > limit_) fail(codec_, "holds more than " + std::to_string(limit_) + " bytes");
  }
  std::string finish() {
    bytes_.resize(filled_);
    return std::move(bytes_);
  }

 private:
  std::string_view codec_;
  std::uint64_t limit_;
  std::string bytes_;
  std::size_t filled_ = 0;
};

// --- zlib -------------------------------------------------------------------------------------------------

#ifdef RAMAL_HAS_ZLIB
/// At most so many bytes are given to zlib at once, which counts them in 32 bits.
constexpr std::size_t most_at_once = std::size_t{1} << 30;
constexpr int window_bits(std::string_view codec) { return codec == "gzip" ? 15 + 16 : 15; }

std::string inflate_all(std::string_view codec, std::string_view bytes, std::uint64_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits(codec)) != Z_OK) fail(codec, "there is no memory");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, &inflateEnd);
  Output out(codec, limit);
  while (true) {
    if (stream.avail_in == 0) {
      const std::size_t count = std::min(bytes.size(), most_at_once);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream.avail_in = static_cast<uInt>(count);
      bytes.remove_prefix(count);
    }
    if (out.room() == 0) out.grow();
    const std::size_t room = std::min(out.room(), most_at_once);
    stream.next_out = reinterpret_cast<Bytef*>(out.at());
    stream.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream, Z_NO_FLUSH);
    out.take(room - stream.avail_out);
    const bool is_used_up = stream.avail_in == 0 && bytes.empty();
    if (status == Z_STREAM_END) {
      if (is_used_up) return out.finish();
      if (codec != "gzip") fail(codec, "has bytes behind its end");
      inflateReset(&stream);  // a further member
    } else if (status == Z_BUF_ERROR || (status == Z_OK && is_used_up && stream.avail_out > 0)) {
      if (is_used_up) fail(codec, "ends too early");
    } else if (status != Z_OK) {
      fail(codec, stream.msg != nullptr ? stream.msg : "is damaged");
    }
  }
}

std::string deflate_all(const ZarrCodec& codec, std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, codec.level, Z_DEFLATED, window_bits(codec.name), 8, Z_DEFAULT_STRATEGY) != Z_OK)
    fail(codec.name, "cannot begin");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, &deflateEnd);
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) fail(codec.name, "cannot encode");
  out.resize(stream.total_out);
  return out;
}
#endif

// --- zstd -------------------------------------------------------------------------------------------------

#ifdef RAMAL_HAS_ZSTD
std::string decode_zstd(std::string_view bytes, std::uint64_t limit) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  if (context == nullptr) fail("zstd", "there is no memory");
  Output out("zstd", limit);
  // With room for all, the decoder needs no buffer of its own. 4 bytes can stand for 128 KiB, not more.
  const unsigned long long told = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (told == ZSTD_CONTENTSIZE_ERROR) fail("zstd", "is damaged");
  out.grow(told == ZSTD_CONTENTSIZE_UNKNOWN
               ? 0
               : std::min<std::uint64_t>(told, (bytes.size() << 15) + (64 << 10)));
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  while (true) {
    if (out.room() == 0) out.grow();
    ZSTD_outBuffer to{out.at(), out.room(), 0};
    const std::size_t before = in.pos, status = ZSTD_decompressStream(context.get(), &to, &in);
    if (ZSTD_isError(status) != 0) fail("zstd", ZSTD_getErrorName(status));
    const bool has_moved = in.pos > before || to.pos > 0;
    out.take(to.pos);
    if (status == 0 && in.pos == in.size) return out.finish();
    if (!has_moved) fail("zstd", "ends too early");
  }
}
std::string encode_zstd(const ZarrCodec& codec, std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t count = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), codec.level);
  if (ZSTD_isError(count) != 0) fail("zstd", ZSTD_getErrorName(count));
  out.resize(count);
  return out;
}
#endif

// --- Blosc ------------------------------------------------------------------------------------------------

#ifdef RAMAL_HAS_BLOSC
std::string decode_blosc(std::string_view bytes, std::uint64_t limit) {
  std::size_t count = 0;
  if (bytes.size() < BLOSC_MIN_HEADER_LENGTH ||
      blosc_cbuffer_validate(bytes.data(), bytes.size(), &count) < 0)
    fail("blosc", "is damaged");
  if (count > limit) fail("blosc", "holds more than " + std::to_string(limit) + " bytes");
  if (count >> 16 > bytes.size()) fail("blosc", "is damaged: so few bytes cannot hold as many");
  std::string out(count, '\0');
  if (blosc_decompress_ctx(bytes.data(), out.data(), out.size(), 1) != static_cast<int>(count))
    fail("blosc", "is damaged, or encoded in a way that this Blosc does not know");
  return out;
}
std::string encode_blosc(const ZarrCodec& codec, std::string_view bytes, std::size_t element_bytes) {
  std::string out(bytes.size() + BLOSC_MAX_OVERHEAD, '\0');
  const int count = blosc_compress_ctx(codec.level, BLOSC_SHUFFLE, element_bytes, bytes.size(), bytes.data(),
                                       out.data(), out.size(), "lz4", 0, 1);
  if (count <= 0) fail("blosc", "cannot encode");
  out.resize(static_cast<std::size_t>(count));
  return out;
}
#endif

// --- crc32c -----------------------------------------------------------------------------------------------

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? 0x82f63b78u : 0u);
    table[i] = value;
  }
  return table;
}

/// The check as it stands behind the bytes, the lowest byte first.
std::string check_text(std::string_view bytes) {
  const std::uint32_t check = crc32c(bytes);
  std::string text;
  for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>(check >> shift & 0xff);
  return text;
}
std::string decode_check(std::string_view bytes) {
  if (bytes.size() < 4) fail("crc32c", "ends too early");
  const std::string_view content = bytes.substr(0, bytes.size() - 4);
  if (bytes.substr(content.size()) != check_text(content)) fail("crc32c", "the check is wrong");
  return std::string(content);
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = make_crc_table();
  std::uint32_t value = ~std::uint32_t{0};
  for (const char byte : bytes) value = value >> 8 ^ table[(value ^ static_cast<unsigned char>(byte)) & 0xff];
  return ~value;
}

int usual_level(std::string_view codec) {
  const Known* known = find_codec(codec);
  return known != nullptr ? known->usual : 0;
}
int highest_level(std::string_view codec) {
  const Known* known = find_codec(codec);
  return known != nullptr ? known->highest : 0;
}

std::string why_no_codec(std::string_view name) {
  const Known* known = find_codec(name);
  if (known == nullptr) return "codec '" + std::string(name) + "' is none that Ramal knows";
  if (known->is_there) return {};
  return "codec '" + std::string(name) + "' needs " + std::string(known->package) +
         ", which this Ramal was built without";
}

std::string decode(const std::string& codec, [[maybe_unused]] std::string_view bytes,
                   [[maybe_unused]] std::uint64_t limit) {
#ifdef RAMAL_HAS_ZLIB
  if (codec == "gzip" || codec == "zlib") return inflate_all(codec, bytes, limit);
#endif
#ifdef RAMAL_HAS_ZSTD
  if (codec == "zstd") return decode_zstd(bytes, limit);
#endif
#ifdef RAMAL_HAS_BLOSC
  if (codec == "blosc") return decode_blosc(bytes, limit);
#endif
  if (codec == "crc32c") return decode_check(bytes);
  throw std::runtime_error(why_no_codec(codec));
}

std::string encode(const ZarrCodec& codec, std::string_view bytes,
                   [[maybe_unused]] std::size_t element_bytes) {
#ifdef RAMAL_HAS_ZLIB
  if (codec.name == "gzip" || codec.name == "zlib") return deflate_all(codec, bytes);
#endif
#ifdef RAMAL_HAS_ZSTD
  if (codec.name == "zstd") return encode_zstd(codec, bytes);
#endif
#ifdef RAMAL_HAS_BLOSC
  if (codec.name == "blosc") return encode_blosc(codec, bytes, element_bytes);
#endif
  if (codec.name == "crc32c") return std::string(bytes) + check_text(bytes);
  throw std::runtime_error(why_no_codec(codec.name));
}

}  // namespace ramal::detail
