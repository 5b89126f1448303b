// SPDX-License-Identifier: BSD-3-Clause
// Codecs of bytes, by the names that Zarr has for them. Which of them there are is decided when Ramal is
// built: RAMAL_HAS_ZLIB, RAMAL_HAS_ZSTD, RAMAL_HAS_BLOSC.
//
// Decoding bears anything: it throws std::runtime_error, and takes no more memory than the limit, nor than
// so many bytes can stand for.
#pragma once

#include <ramal/zarr.hpp>

#include <string>
#include <string_view>

namespace ramal::detail {

/// Why a codec cannot be used, such as that it was left out of this build; empty if it can.
std::string why_no_codec(std::string_view name);
/// What was encoded, which must be at most `limit` bytes.
std::string decode(const std::string& codec, std::string_view bytes, std::uint64_t limit);
/// `element_bytes`: how long the elements are that the bytes are of.
std::string encode(const ZarrCodec& codec, std::string_view bytes, std::size_t element_bytes);
/// The level that a codec has if none is given.
int usual_level(std::string_view codec);
/// The highest level; the lowest is 0.
int highest_level(std::string_view codec);
/// The cyclic redundancy check of RFC 3720, section B.4.
std::uint32_t crc32c(std::string_view bytes);

}  // namespace ramal::detail
