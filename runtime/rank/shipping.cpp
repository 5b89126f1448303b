// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/rank/shipping.hpp"

#include <cstring>
#include <map>

namespace ramal::detail {

namespace {

// Along the tree: from so many on, so small. Larger ones take longer to be passed on than to be sent by rank
// 0.
constexpr std::size_t least_bundled = 16;
constexpr std::size_t most_bundled_bytes = 4096;

bool is_shipped(MessageType type) { return type == MessageType::subgraph || type == MessageType::program; }

/// Sent by rank 0 and not to be handled before what was shipped before it.
bool is_ordered(MessageType type) {
  switch (type) {
    case MessageType::subgraph:
    case MessageType::program:
    case MessageType::release:
    case MessageType::release_all:
    case MessageType::cancel:
    case MessageType::query:
    case MessageType::stop:
    case MessageType::store:
      return true;
    default:
      return false;
  }
}

}  // namespace

Shipping::Shipping(Mail& mail, Port& port)
    : mail_(mail), port_(port), shipped_(mail.rank() == 0 ? static_cast<std::size_t>(mail.ranks()) : 0) {}

// --- sending --------------------------------------------------------------------------------------------

std::vector<bool> Shipping::ship_to_others(std::span<Subgraph> subgraphs, bool alone, std::size_t fetched) {
  std::vector<bool> has_left(subgraphs.size(), false);
  if (alone) has_left = ship_bundled(subgraphs, fetched);
  for (std::size_t to = subgraphs.size(); to-- > 1;) {
    if (subgraphs[to].bytes.size() > 0 && !has_left[to]) ship(static_cast<int>(to), std::move(subgraphs[to]));
  }
  return has_left;
}

void Shipping::ship(int to, Subgraph subgraph) {
  const Header header{
      .type = MessageType::subgraph, .run = subgraph.run, .slot = shipped_[static_cast<std::size_t>(to)]++};
  const auto bytes = std::make_shared<Buffer>(std::move(subgraph.bytes));
  mail_.send_shared(to, header, bytes->view(), bytes);
}

/// The small ones, if there are enough of them. Says which.
std::vector<bool> Shipping::ship_bundled(std::span<const Subgraph> subgraphs, std::size_t fetched) {
  std::vector<bool> bundled(subgraphs.size(), false);
  std::size_t count = 0;
  for (std::size_t to = 1; to < subgraphs.size(); ++to) {
    const std::size_t size = subgraphs[to].bytes.size();
    bundled[to] = size > 0 && size <= most_bundled_bytes;
    if (bundled[to]) ++count;
  }
  if (count < least_bundled) return std::vector<bool>(subgraphs.size(), false);
  std::vector<bool> passes(subgraphs.size(), false);
  RunId run = 0;
  std::size_t size = 0;
  for (std::size_t to = 1; to < subgraphs.size(); ++to) {
    if (!bundled[to]) continue;
    run = subgraphs[to].run;
    for (auto on_way = static_cast<std::uint32_t>(to); on_way != 0 && !passes[on_way];
         on_way = tree_parent(on_way)) {
      passes[on_way] = true;
      size += padded_entry(bundled[on_way] ? subgraphs[on_way].bytes.size() : 0);
    }
  }
  const auto bundle = std::make_shared<Buffer>(size);
  std::byte* at = bundle->data();
  for (std::uint32_t to = 1; to < subgraphs.size(); ++to) {
    if (!passes[to]) continue;
    const auto bytes = bundled[to] ? subgraphs[to].bytes.view() : std::span<const std::byte>();
    const BundleEntry entry{.to = to,
                            .after = shipped_[to]++,
                            .relays = fetched >= least_bundled ? 1U : 0U,
                            .unused = 0,
                            .bytes = bytes.size()};
    std::memcpy(at, &entry, sizeof entry);
    if (!bytes.empty()) std::memcpy(at + sizeof entry, bytes.data(), bytes.size());
    std::memset(at + sizeof entry + bytes.size(), 0, padded_entry(entry.bytes) - sizeof entry - bytes.size());
    at += padded_entry(entry.bytes);
  }
  take_bundle(run, bundle);
  return bundled;
}

void Shipping::ship_program(RunId run, const std::vector<std::byte>& encoded, bool alone) {
  const auto ranks = static_cast<std::uint32_t>(mail_.ranks());
  if (alone && ranks > least_bundled) {
    std::vector<std::byte> padded = encoded;
    padded.resize((encoded.size() + 7) / 8 * 8);
    std::vector<ProgramEntry> entries{{0, 0}};
    for (std::uint32_t to = 1; to < ranks; ++to) entries.push_back({to, shipped_[to]++});
    pass_program_on(run, padded, entries);
    return;
  }
  const auto bytes = std::make_shared<Buffer>(Buffer::copy_of(encoded));
  for (std::uint32_t to = ranks; to-- > 1;)
    mail_.send_shared(static_cast<int>(to),
                      {.type = MessageType::program, .run = run, .slot = shipped_[to]++}, bytes->view(),
                      bytes);
  mail_.flush();
  port_.start_program(run, encoded);
}

/// To each child with those of its subtree, the largest first; then to this rank itself. The bytes are the
/// same for all, so rank 0 sends them log P times.
void Shipping::pass_program_on(RunId run, std::span<const std::byte> padded_program,
                               std::span<const ProgramEntry> entries) {
  const auto own = static_cast<std::uint32_t>(mail_.rank());
  std::map<std::uint32_t, std::vector<ProgramEntry>> children;
  std::optional<ProgramEntry> mine;
  for (const ProgramEntry& entry : entries) {
    expect_in_subtree(entry.to);
    if (entry.to == own) {
      mine = entry;
      continue;
    }
    children[tree_child(own, entry.to)].push_back(entry);
  }
  for (auto child = children.rbegin(); child != children.rend(); ++child) {
    const auto of_child = std::as_bytes(std::span(child->second));
    const auto bundle = std::make_shared<Buffer>(padded_program.size() + of_child.size());
    std::memcpy(bundle->data(), padded_program.data(), padded_program.size());
    std::memcpy(bundle->data() + padded_program.size(), of_child.data(), of_child.size());
    mail_.send_shared(static_cast<int>(child->first),
                      {.type = MessageType::program_bundle,
                       .run = run,
                       .slot = static_cast<Slot>(padded_program.size() / sizeof(std::uint64_t))},
                      bundle->view(), bundle);
  }
  mail_.flush();
  if (own == 0) {
    port_.start_program(run, padded_program);
  } else {
    take({.type = MessageType::program, .run = run, .slot = mine.value().after},
         Buffer::copy_of(padded_program));
  }
}

// --- taking ---------------------------------------------------------------------------------------------

bool Shipping::holds(const Header& header, std::span<const std::byte> payload) {
  if (!is_ordered(header.type) || header.slot <= taken_) return false;
  held_.push_back({header, Buffer::copy_of(payload)});
  return true;
}

void Shipping::take(const Header& header, Buffer bytes) {
  if (header.slot > taken_) {
    held_.push_back({header, std::move(bytes)});
    return;
  }
  start_next(header, std::move(bytes));
  handle_what_was_held();
}

void Shipping::start_next(const Header& header, Buffer bytes) {
  if (header.type == MessageType::program) {
    port_.start_program(header.run, bytes.view());
  } else if (bytes.size() > 0) {  // else this rank has only passed on others'
    port_.start_subgraph(std::move(bytes));
  }
  ++taken_;
}

void Shipping::handle_what_was_held() {
  for (std::size_t i = 0; i < held_.size();) {
    if (held_[i].header.slot > taken_) {
      ++i;
      continue;
    }
    Held next = std::move(held_[i]);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i));
    if (is_shipped(next.header.type)) {
      start_next(next.header, std::move(next.payload));
    } else {
      port_.handle_held(next.header, next.payload.view());
    }
    i = 0;
  }
}

/// What is passed on goes further from rank 0 with each hop, whatever another rank says.
void Shipping::expect_in_subtree(std::uint32_t to) const {
  const auto own = static_cast<std::uint32_t>(mail_.rank());
  if (to < own || to >= tree_end(own, static_cast<std::uint32_t>(mail_.ranks())))
    throw DecodeError("a message for a rank that this one does not lead to");
}

/// Sends each child the entries of its subtree, then takes what is this rank's own, which comes first.
void Shipping::take_bundle(RunId run, const std::shared_ptr<Buffer>& bundle) {
  const auto own = static_cast<std::uint32_t>(mail_.rank());
  struct Part {
    std::uint32_t child;
    std::size_t begin, end;
  };
  std::vector<Part> parts;
  std::optional<BundleEntry> mine;
  for (std::size_t at = 0; at < bundle->size();) {
    const std::size_t begin = at;
    const BundleEntry entry = next_entry(bundle->view(), at);
    expect_in_subtree(entry.to);
    if (entry.to == own) {
      mine = entry;
    } else if (const auto child = tree_child(own, entry.to); parts.empty() || parts.back().child != child) {
      parts.push_back({child, begin, at});
    } else {
      parts.back().end = at;
    }
  }
  while (!parts.empty()) {  // the largest first: it has the longest way
    const Part part = parts.back();
    parts.pop_back();
    mail_.send_shared(static_cast<int>(part.child), {.type = MessageType::bundle, .run = run},
                      bundle->view().subspan(part.begin, part.end - part.begin), bundle);
  }
  if (!mine) return;
  if (mine->relays != 0) relayed_run_ = run;
  take({.type = MessageType::subgraph, .run = run, .slot = mine->after, .bytes = mine->bytes},
       Buffer::copy_of(bundle->view().subspan(sizeof(BundleEntry), mine->bytes)));
}

void Shipping::take_program_bundle(const Header& header, std::span<const std::byte> payload) {
  const std::size_t bytes = std::size_t{header.slot} * sizeof(std::uint64_t);
  if (bytes > payload.size()) throw DecodeError("a program ends too early");
  const auto at = payload.subspan(bytes);
  std::vector<ProgramEntry> entries(at.size() / sizeof(ProgramEntry));
  if (!entries.empty()) std::memcpy(entries.data(), at.data(), entries.size() * sizeof(ProgramEntry));
  pass_program_on(header.run, payload.first(bytes), entries);
}

}  // namespace ramal::detail
