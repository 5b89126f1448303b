// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/report.hpp"

#include "graph/core/atomic_file.hpp"
#include "runtime/watch/json.hpp"
#include "runtime/watch/report_chain.hpp"
#include "runtime/watch/report_encoding.hpp"
#include "runtime/watch/report_levels.hpp"
#include "runtime/watch/report_page.hpp"
#include "runtime/watch/trace_output.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ramal::detail {

namespace {

constexpr std::size_t most_bins = 1024;
constexpr std::size_t most_kinds = 24;   // with a colour of their own; the others share one
constexpr std::size_t most_ranks = 128;  // of the traffic's matrix; more are taken together
constexpr std::size_t most_slowest = 100;
constexpr std::size_t most_text = 300;
constexpr std::size_t most_names = 1000;
constexpr std::size_t most_transfers = 10'000;
constexpr std::size_t most_chain = 15'000;

/// For a page: no letter that could end the script that it stands in. Cut off where it is long.
std::string page_text(std::string_view text) {
  std::string safe;
  for (const char letter :
       json_text(text.size() <= most_text ? std::string(text) : std::string(text.substr(0, most_text)) + "…"))
    letter == '<' ? safe += "\\u003c" : safe += letter;
  return safe;
}

class ReportWriter {
 public:
  ReportWriter(const ReportData& data, const ReportLimits& limits, TraceOutput& out)
      : data_(data), limits_(limits), out_(out) {}

  WrittenReport write() {
    out_ << "{\"wall\":" << data_.wall << ",\"ranks\":" << data_.ranks;
    write_notes();
    write_rows();
    write_kinds();
    const std::uint64_t kept = write_slices();
    write_busy();
    write_messages();
    write_counters();
    write_traffic();
    write_slowest();
    write_chain();
    out_ << "}";
    return {data_.slices.size(), kept};
  }

 private:
  void numbers(const char* key, const Varints& all) {
    out_ << ",\"" << key << "\":\"" << all.base64() << '"';
  }
  /// A list of `all`, of which `write_one` writes each.
  template <class All, class Use>
  void list(const char* key, const All& all, const Use& write_one) {
    out_ << ",\"" << key << "\":[";
    bool is_first = true;
    for (const auto& one : all) {
      if (!is_first) out_ << ',';
      is_first = false;
      write_one(one);
    }
    out_ << ']';
  }
  Bins bins(std::size_t rows) const {
    return {data_.wall,
            std::clamp<std::size_t>(limits_.most_cells / std::max<std::size_t>(1, rows), 1, most_bins)};
  }

  void write_notes() {
    list("notes", data_.notes, [this](const auto& note) {
      out_ << '[' << page_text(note.first) << ',' << page_text(note.second) << ']';
    });
  }

  /// rows: rank, lane, whether it is of messages.
  void write_rows() {
    Varints rows;
    for (const ReportRow& row : data_.rows) rows.put(row.rank).put(row.lane).put(row.is_messages ? 1 : 0);
    numbers("rows", rows);
  }

  /// Of each kind its name, tasks, failed ones, nanoseconds of all, the median, 99 of 100, the longest; of
  /// each name its kind and site.
  void write_kinds() {
    std::vector<std::vector<Moment>> took(data_.kinds.size());
    std::vector<std::uint64_t> failed(data_.kinds.size());
    for (const ReportSlice& slice : data_.slices) {
      took[data_.kind_of(slice)].push_back(slice.took);
      failed[data_.kind_of(slice)] += slice.failed ? 1 : 0;
    }
    std::vector<std::size_t> places(std::min(took.size(), most_names));
    std::iota(places.begin(), places.end(), std::size_t{0});
    medians_.resize(took.size());
    list("kinds", places, [&](std::size_t kind) {
      auto& all = took[kind];
      std::ranges::sort(all);
      medians_[kind] = all[all.size() / 2];
      out_ << '[' << page_text(data_.kinds[kind]) << ',' << all.size() << ',' << failed[kind] << ','
           << std::accumulate(all.begin(), all.end(), Moment{0}) << ',' << medians_[kind] << ','
           << all[(all.size() * 99 + 99) / 100 - 1] << ',' << all.back() << ']';
    });
    places.resize(std::min(data_.names.size(), most_names));
    std::iota(places.begin(), places.end(), std::size_t{0});
    list("names", places, [this](std::size_t name) {
      out_ << '[' << data_.names[name].kind << ',' << page_text(data_.names[name].site) << ']';
    });
  }

  /// slices, by row: how many; of each: nanoseconds since the one before began, its own, name, flags (failed,
  /// member, stolen), number less the one before's, run, and if it is so, family and from whom.
  /// rest: row less the one before's, bin (less, in the same row), tasks, thousandths of it that were busy,
  /// kind.
  std::uint64_t write_slices() {
    const Bins bins = this->bins(data_.rows.size());
    const Levels levels = levels_of_detail(data_, limits_.most_tasks, bins);
    Varints slices;
    std::size_t next = 0;
    for (std::uint32_t row = 0; row < data_.rows.size(); ++row) {
      const std::size_t first = next;
      while (next < levels.kept.size() && data_.slices[levels.kept[next]].row == row) ++next;
      slices.put(next - first);
      ReportSlice before;
      for (std::size_t i = first; i < next; ++i) {
        put(data_.slices[levels.kept[i]], before, slices);
        before = data_.slices[levels.kept[i]];
      }
    }
    Varints rest;
    RestBin before;
    for (const RestBin& one : levels.rest) {
      rest.put(one.row - before.row)
          .put(one.row == before.row ? one.bin - before.bin : one.bin)
          .put(one.tasks);
      rest.put(static_cast<std::uint64_t>(
                   std::lround(1000.0 * static_cast<double>(one.busy) / static_cast<double>(bins.width))))
          .put(one.kind);
      before = one;
    }
    out_ << ",\"tasks\":" << data_.slices.size() << ",\"kept\":" << levels.kept.size()
         << ",\"shortest\":" << levels.shortest << ",\"rest_width\":" << bins.width;
    numbers("slices", slices);
    numbers("rest", rest);
    return levels.kept.size();
  }
  static void put(const ReportSlice& slice, const ReportSlice& before, Varints& into) {
    const unsigned flags =
        (slice.failed ? 1U : 0U) | (slice.is_member ? 2U : 0U) | (slice.stolen_from >= 0 ? 4U : 0U);
    into.put_signed(slice.at - before.at)
        .put(static_cast<std::uint64_t>(slice.took))
        .put(slice.name)
        .put(flags);
    into.put_signed(static_cast<std::int64_t>(slice.number - before.number))
        .put_signed(slice.run - std::int64_t{before.run});
    if (slice.is_member) into.put(slice.family);
    if (slice.stolen_from >= 0) into.put(static_cast<std::uint64_t>(slice.stolen_from));
  }

  /// busy, ended: of each kind each bin. busy_rows: of each row, nanoseconds in which it ran something.
  void write_busy() {
    const Bins bins(data_.wall, most_bins);
    const KindsOverTime over = kinds_over_time(data_, most_kinds, bins);
    Varints busy, ended, rows;
    for (const Moment one : over.busy) busy.put(static_cast<std::uint64_t>(one));
    for (const std::uint64_t one : over.ended) ended.put(one);
    std::vector<Moment> all(data_.rows.size()), until(data_.rows.size());
    for (const ReportSlice& slice : data_.slices) {
      all[slice.row] += std::max<Moment>(0, slice.ended() - std::max(until[slice.row], slice.at));
      until[slice.row] = std::max(until[slice.row], slice.ended());
    }
    for (const Moment one : all) rows.put(static_cast<std::uint64_t>(one));
    out_ << ",\"width\":" << bins.width << ",\"bins\":" << bins.count << ",\"curves\":" << over.kinds;
    numbers("busy", busy);
    numbers("ended", ended);
    numbers("busy_rows", rows);
  }

  /// messages, of each rank each bin: sent, bytes, received, bytes. transfers: rank, from, beginning,
  /// nanoseconds, bytes.
  void write_messages() {
    const Bins bins = this->bins(2 * std::size_t{data_.ranks});
    std::vector<ReportCount> counts(2 * data_.ranks * bins.count);
    for (const ReportMessage& message : data_.messages) {
      ReportCount& count =
          counts[2 * (message.rank * bins.count + bins.of(message.at)) + (message.is_sent ? 0 : 1)];
      ++count.messages;
      count.bytes += message.bytes;
    }
    Varints messages;
    for (const ReportCount& count : counts) {
      messages.put(count.messages);
      if (count.messages > 0) messages.put(count.bytes);
    }
    std::vector<ReportTransfer> longest = data_.transfers;
    std::ranges::stable_sort(longest, std::greater(), &ReportTransfer::took);
    longest.resize(std::min(longest.size(), most_transfers));
    Varints transfers;
    for (const ReportTransfer& one : longest) {
      transfers.put(one.rank)
          .put(one.from)
          .put_signed(one.at)
          .put(static_cast<std::uint64_t>(one.took))
          .put(one.bytes);
    }
    out_ << ",\"message_width\":" << bins.width << ",\"message_bins\":" << bins.count
         << ",\"all_transfers\":" << data_.transfers.size();
    numbers("messages", messages);
    numbers("transfers", transfers);
  }

  /// Of each counter its name, and of each rank each bin the largest value + 1; 0: it says nothing.
  void write_counters() {
    const Bins bins = this->bins(data_.ranks * std::max<std::size_t>(1, data_.counters.size()));
    out_ << ",\"counter_width\":" << bins.width << ",\"counter_bins\":" << bins.count;
    list("counters", data_.counters, [&](const auto& counter) {
      Varints values;
      for (const std::int64_t value : largest_samples(counter.second, data_.ranks, bins))
        values.put(static_cast<std::uint64_t>(value) + 1);
      out_ << '[' << page_text(counter.first) << ",\"" << values.base64() << "\"]";
    });
  }

  /// traffic: from, to, messages, bytes; of groups of so many ranks.
  void write_traffic() {
    const std::uint32_t group = static_cast<std::uint32_t>((data_.ranks + most_ranks - 1) / most_ranks);
    std::map<std::pair<std::uint32_t, std::uint32_t>, ReportCount> cells;
    for (const auto& [pair, count] : data_.traffic) {
      ReportCount& cell = cells[{pair.first / group, pair.second / group}];
      cell.messages += count.messages;
      cell.bytes += count.bytes;
    }
    Varints traffic;
    for (const auto& [pair, count] : cells)
      traffic.put(pair.first).put(pair.second).put(count.messages).put(count.bytes);
    out_ << ",\"traffic_group\":" << group;
    numbers("traffic", traffic);
    list("message_types", data_.message_types, [this](const auto& type) {
      out_ << '[' << page_text(type.first) << ',' << type.second.messages << ',' << type.second.bytes << ']';
    });
  }

  /// slowest: row, beginning, nanoseconds, name, number, and the median of its kind.
  void write_slowest() {
    std::vector<std::uint32_t> order(data_.slices.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto middle = order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), most_slowest));
    std::ranges::partial_sort(order, middle, [this](std::uint32_t a, std::uint32_t b) {
      return std::pair(-data_.slices[a].took, a) < std::pair(-data_.slices[b].took, b);
    });
    order.erase(middle, order.end());
    list("slowest", order, [this](std::uint32_t one) {
      const ReportSlice& slice = data_.slices[one];
      out_ << '[' << slice.row << ',' << slice.at << ',' << slice.took << ',' << slice.name << ','
           << slice.number << ',' << medians_[data_.kind_of(slice)] << ']';
    });
  }

  /// chain: of each step its row, begin less the end of the one before, nanoseconds; tasks that follow each
  /// other in a row are one step, and so are those that no screen tells apart. chain_kinds: of each kind what
  /// it took on the path.
  void write_chain() {
    const std::vector<PathLink> chain = critical_chain(data_);
    std::vector<Moment> kinds(data_.kinds.size());
    Moment messages = 0, covered = 0, began = data_.wall, until = 0;
    std::uint64_t tasks = 0;
    struct Step {
      std::uint32_t row;
      Moment at, end;
    };
    std::vector<Step> steps;
    const Moment unseen = data_.wall / static_cast<Moment>(most_chain);
    for (const PathLink& link : chain) {
      if (link.slice == PathLink::none) {
        const ReportFlow& flow = data_.flows[link.flow];
        began = std::min(began, flow.sent);
        messages += std::max<Moment>(0, flow.came - std::max(flow.sent, until));
        until = std::max(until, flow.came);
        continue;
      }
      const ReportSlice& slice = data_.slices[link.slice];
      const Moment own = std::max<Moment>(0, slice.ended() - std::max(slice.at, until));
      began = std::min(began, slice.at);
      kinds[data_.kind_of(slice)] += own;
      covered += own;
      until = std::max(until, slice.ended());
      ++tasks;
      const bool goes_on = !steps.empty() && steps.back().row == slice.row &&
                           slice.at - steps.back().end <= std::max<Moment>(unseen, 2000);
      if (goes_on) {
        steps.back().end = std::max(steps.back().end, slice.ended());
      } else if (steps.empty() || slice.ended() - steps.back().end >= unseen) {
        steps.push_back({slice.row, slice.at, slice.ended()});
      }
    }
    Varints path;
    Moment before = 0;
    for (const Step& step : steps) {
      path.put(step.row).put_signed(step.at - before).put(static_cast<std::uint64_t>(step.end - step.at));
      before = step.end;
    }
    out_ << ",\"chain_tasks\":" << tasks << ",\"chain_links\":" << chain.size()
         << ",\"chain_began\":" << began << ",\"chain_ended\":" << until << ",\"chain_covered\":" << covered
         << ",\"chain_messages\":" << messages;
    numbers("chain", path);
    kinds.resize(std::min(kinds.size(), most_names));
    list("chain_kinds", kinds, [this](Moment took) { out_ << took; });
  }

  const ReportData& data_;
  const ReportLimits limits_;
  TraceOutput& out_;
  std::vector<Moment> medians_;  // of kinds
};

}  // namespace

WrittenReport write_report(const std::string& trace, const std::string& file, const ReportLimits& limits) {
  const ReportData data = read_report_data(trace);
  AtomicFile whole(file);
  whole.make();
  TraceOutput out(whole.part(), false);
  out << report_html << "<style>\n"
      << report_css << "</style>\n<script type=\"application/json\" id=\"data\">";
  const WrittenReport written = ReportWriter(data, limits, out).write();
  out << "</script>\n<script>\n" << report_js << "</script>\n</body>\n</html>\n";
  out.close();
  whole.publish();
  return written;
}

}  // namespace ramal::detail
