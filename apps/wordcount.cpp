// SPDX-License-Identifier: BSD-3-Clause
// How often each word occurs in text files: map, shuffle, reduce. Files are cut into pieces of so many bytes,
// so a large one is read by all ranks; a word belongs to the piece in which it begins.
//
//   mpirun -n 4 wordcount --top 10 README.md docs/*.md
#include <ramal/ramal.hpp>
#include <ramal/shuffle.hpp>

#include <boost/program_options.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

namespace po = boost::program_options;

namespace {

using Count = std::pair<std::string, long>;
using Counts = std::vector<Count>;

struct Options {
  std::vector<std::string> files;
  std::int64_t results;
  std::uint64_t piece_bytes;
  std::size_t top;
  bool check;
};

// --- tasks ------------------------------------------------------------------------------------------------

struct Piece {
  std::string file;
  std::uint64_t begin = 0, end = 0;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& file& begin& end;
  }
};

/// Letters of ASCII, and all of what UTF-8 makes of others.
bool is_letter(int byte) {
  return byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/// Calls with each word that begins in the piece, in small letters as far as they are ASCII.
template <class Take>
void for_each_word(const Piece& piece, const Take& take) {
  std::ifstream file(piece.file, std::ios::binary);
  // The byte before tells whether a word begins at the first.
  file.seekg(static_cast<std::streamoff>(piece.begin == 0 ? 0 : piece.begin - 1));
  if (!file) throw std::runtime_error("cannot read " + piece.file);
  auto& bytes = *file.rdbuf();
  std::uint64_t at = piece.begin;
  for (int byte = at == 0 ? 0 : bytes.sbumpc(); is_letter(byte) && at < piece.end; ++at)
    byte = bytes.sbumpc();
  std::string word;
  for (; at < piece.end || !word.empty(); ++at) {
    const int byte = bytes.sbumpc();
    if (byte == std::ifstream::traits_type::eof() && at < piece.end)
      throw std::runtime_error(piece.file + " ends at byte " + std::to_string(at) + "; expected " +
                               std::to_string(piece.end) + " or more: it has changed");
    if (is_letter(byte)) {
      word += static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
    } else if (!word.empty()) {
      take(std::exchange(word, {}));
    }
  }
}
Counts words_of(const Piece& piece) {
  Counts words;
  for_each_word(piece, [&words](std::string word) { words.emplace_back(std::move(word), 1); });
  return words;
}
long add(long a, long b) { return a + b; }

/// At most so many of all words: the most frequent first, and words as frequent by the alphabet.
struct Top {
  std::size_t most = 0;
  Counts counts;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& most& counts;
  }
};
Top top_of(Counts counts, std::size_t most) {
  std::sort(counts.begin(), counts.end(), [](const Count& a, const Count& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  counts.resize(std::min(counts.size(), most));
  return {most, std::move(counts)};
}
Top merged(Top a, const Top& b) {
  a.counts.insert(a.counts.end(), b.counts.begin(), b.counts.end());
  return top_of(std::move(a.counts), a.most);
}
std::pair<long, long> totals_of(const Counts& counts) {
  long words = 0;
  for (const Count& count : counts) words += count.second;
  return {static_cast<long>(counts.size()), words};
}
std::pair<long, long> add_pairs(std::pair<long, long> a, std::pair<long, long> b) {
  return {a.first + b.first, a.second + b.second};
}

// --- the program ------------------------------------------------------------------------------------------

std::vector<Piece> pieces_of(const Options& options) {
  std::vector<Piece> pieces;
  for (const std::string& file : options.files) {
    const std::uint64_t bytes = std::filesystem::file_size(file);
    for (std::uint64_t begin = 0; begin < bytes; begin += options.piece_bytes)
      pieces.push_back({file, begin, std::min(bytes, begin + options.piece_bytes)});
  }
  return pieces;
}

/// The same with a map, file by file, which is as much as one rank holds.
bool is_as_counted_serially(const Options& options, const std::vector<Counts>& found) {
  std::map<std::string, long> expected, all;
  for (const std::string& file : options.files)
    for_each_word({file, 0, std::filesystem::file_size(file)},
                  [&](const std::string& word) { ++expected[word]; });
  for (const Counts& counts : found) all.insert(counts.begin(), counts.end());
  return all == expected;
}

int count_words(ramal::Session& session, const Options& options) {
  const std::vector<Piece> pieces = pieces_of(options);
  const auto counts = ramal::map_shuffle_reduce<words_of, add>(pieces, options.results);
  session.persist(counts);
  const Top top = session.compute(ramal::reduce<merged>(ramal::map<top_of>(counts, options.top)));
  for (const auto& [word, times] : top.counts) std::printf("%9ld %s\n", times, word.c_str());
  const auto [different, words] = session.compute(ramal::reduce<add_pairs>(ramal::map<totals_of>(counts)));
  std::printf("%ld words, %ld different ones, in %zu pieces of %zu files\n", words, different, pieces.size(),
              options.files.size());
  if (!options.check) return 0;
  const bool is_right = is_as_counted_serially(options, session.compute(counts));
  std::puts(is_right ? "the same as by a serial loop" : "a serial loop counts OTHERWISE");
  return is_right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options{};
  po::options_description described("usage: wordcount [options] FILE…");
  described.add_options()("help", "this text")                                                              //
      ("top", po::value(&options.top)->default_value(20), "how many of the most frequent words are shown")  //
      ("results", po::value(&options.results)->default_value(16), "parts in which the counts are made")     //
      ("piece-bytes", po::value(&options.piece_bytes)->default_value(4 << 20), "of a file for one task")    //
      ("check", po::bool_switch(&options.check), "compare with a serial loop");
  po::options_description all;
  all.add(described).add_options()("file", po::value(&options.files), "");
  po::positional_options_description positions;
  positions.add("file", -1);
  try {
    po::variables_map given;
    po::store(po::command_line_parser(argc, argv).options(all).positional(positions).run(), given);
    po::notify(given);
    if (given.contains("help")) {
      std::cout << described;
      return 0;
    }
    if (options.files.empty()) throw std::invalid_argument("expected text files, found none; see --help");
    if (options.results < 1 || options.piece_bytes < 1)
      throw std::invalid_argument("expected numbers of at least 1");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wordcount: %s\n", error.what());
    return 2;
  }
  return ramal::run(argc, argv, [&](ramal::Session& session) { return count_words(session, options); });
}
