// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/report_data.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace ramal::detail {

namespace {

constexpr std::uint32_t most_ranks_of_all = 1 << 20;

/// Messages that a task may have waited for: with work or values, or of collective tasks.
bool brings_work(std::string_view type) {
  static constexpr std::array bring{
      "subgraph", "bundle",  "program", "program_bundle",         "passed",
      "result",   "failure", "member",  "member_failure",         "member_for_all",
      "store",    "join",    "enter",   "member_failure_for_all", "leave",
      "settle",   "stolen"};
  return std::ranges::find(bring, type) != bring.end();
}

std::uint64_t whole_number(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : std::hash<std::string>()(text);
}

class ReportCollector {
 public:
  ReportData collect(const std::string& trace) {
    data_.notes = read_trace(trace, [this](const TraceEvent& event) { take(event); });
    for (const auto& [key, value] : data_.notes) {
      std::uint32_t ranks = 0;
      std::from_chars(value.data(), value.data() + value.size(), ranks);
      if (key == "ranks" && ranks <= most_ranks_of_all) data_.ranks = std::max(data_.ranks, ranks);
    }
    order_rows();
    order_kinds();
    match_flows();
    const auto before = [](const ReportSlice& a, const ReportSlice& b) {
      return std::tuple(a.row, a.at, b.took) < std::tuple(b.row, b.at, a.took);
    };
    std::ranges::sort(data_.slices, before);
    return std::move(data_);
  }

 private:
  /// Where an arrow begins or ends.
  struct End {
    std::uint64_t id;
    Moment at;
    std::uint32_t rank;
  };

  void take(const TraceEvent& event) {
    const auto rank = static_cast<std::uint32_t>(event.process);
    if (rank >= most_ranks_of_all) {
      throw std::runtime_error("expected a trace of Ramal's, whose processes are ranks, found process " +
                               std::to_string(rank));
    }
    data_.ranks = std::max(data_.ranks, rank + 1);
    if (event.phase != 'M') data_.wall = std::max(data_.wall, event.at + event.took);
    switch (event.phase) {
      case 'M':
        if (event.name == "thread_name") {
          const auto* name = event.find("name");
          row_of(event).is_messages = name != nullptr && name->text == "messages";
        }
        break;
      case 'X':
        brings_work_ = false;
        event.category == "message" ? take_message(event, rank) : take_task(event);
        break;
      case 's':
        if (brings_work_) sent_.push_back({whole_number(event.id), event.at, rank});
        break;
      case 'f':
        if (brings_work_) came_.push_back({whole_number(event.id), event.at, rank});
        break;
      case 'b':
        if (event.category == "transfer") begun_[event.id] = {event.at, bytes_of(event)};
        break;
      case 'e':
        take_transfer(event, rank);
        break;
      case 'C':
        for (const auto& one : event.arguments)
          data_.counters[one.key == "bytes" || one.key == "ready" ? event.name : event.name + " " + one.key]
              .push_back({event.at, static_cast<std::uint64_t>(std::max(0.0, one.number)), rank});
        break;
      default:
        break;
    }
  }
  static std::uint64_t bytes_of(const TraceEvent& event) {
    return static_cast<std::uint64_t>(std::max(0.0, event.number("bytes")));
  }

  ReportRow& row_of(const TraceEvent& event) {
    const auto rank = static_cast<std::uint32_t>(event.process),
               lane = static_cast<std::uint32_t>(event.thread);
    const auto [known, is_new] =
        rows_.try_emplace({rank, lane}, static_cast<std::uint32_t>(data_.rows.size()));
    if (is_new) data_.rows.push_back({rank, lane, false});
    return data_.rows[known->second];
  }

  void take_task(const TraceEvent& event) {
    const auto* line = event.find("line");
    const auto whole = [&event](const char* key) {
      return static_cast<std::uint64_t>(std::max(0.0, event.number(key)));
    };
    ReportSlice slice{.at = event.at,
                      .took = event.took,
                      .number = whole("task"),
                      .row = static_cast<std::uint32_t>(&row_of(event) - data_.rows.data()),
                      .name = name_of(event.name, line == nullptr ? std::string() : line->text),
                      .run = static_cast<std::uint32_t>(whole("run")),
                      .failed = event.number("failed") != 0};
    if (event.find("member") != nullptr) {
      slice.is_member = true;
      slice.number = whole("member");
      slice.family = static_cast<std::uint16_t>(whole("family"));
    }
    if (event.find("stolen_from") != nullptr)
      slice.stolen_from = static_cast<std::int32_t>(whole("stolen_from"));
    data_.slices.push_back(slice);
  }

  std::uint32_t name_of(const std::string& kind, const std::string& site) {
    const auto its_kind =
        kinds_.try_emplace(kind, static_cast<std::uint32_t>(data_.kinds.size())).first->second;
    if (its_kind == data_.kinds.size()) data_.kinds.push_back(kind);
    const auto [known, is_new] =
        names_.try_emplace({its_kind, site}, static_cast<std::uint32_t>(data_.names.size()));
    if (is_new) data_.names.push_back({its_kind, site});
    return known->second;
  }

  /// "send result", "receive result".
  void take_message(const TraceEvent& event, std::uint32_t rank) {
    const bool is_sent = event.name.starts_with("send ");
    const std::string type = event.name.substr(std::min(event.name.size(), event.name.find(' ') + 1));
    brings_work_ = brings_work(type);
    const std::uint64_t bytes = bytes_of(event);
    data_.messages.push_back({event.at, bytes, rank, is_sent});
    if (!is_sent || event.number("to") >= most_ranks_of_all) return;
    const auto to = static_cast<std::uint32_t>(std::max(0.0, event.number("to")));
    data_.ranks = std::max(data_.ranks, to + 1);
    for (ReportCount* count : {&data_.traffic[{rank, to}], &data_.message_types[type]}) {
      ++count->messages;
      count->bytes += bytes;
    }
  }

  void take_transfer(const TraceEvent& event, std::uint32_t rank) {
    const auto begun = begun_.find(event.id);
    if (event.category != "transfer" || begun == begun_.end()) return;
    const auto from = event.name.find_last_of(' ');
    std::uint32_t other = 0;
    if (from != std::string::npos)
      std::from_chars(event.name.data() + from + 1, event.name.data() + event.name.size(), other);
    const auto [at, bytes] = begun->second;
    data_.transfers.push_back({at, std::max<Moment>(0, event.at - at), bytes, rank, other});
    begun_.erase(begun);
  }

  void order_rows() {
    std::uint32_t place = 0;
    std::vector<std::uint32_t> places(data_.rows.size());
    std::vector<ReportRow> ordered;
    for (const auto& [where, number] : rows_) {  // a map: by rank and lane
      places[number] = place++;
      ordered.push_back(data_.rows[number]);
    }
    data_.rows = std::move(ordered);
    for (ReportSlice& slice : data_.slices) slice.row = places[slice.row];
  }

  void order_kinds() {
    std::vector<Moment> took(data_.kinds.size());
    for (const ReportSlice& slice : data_.slices) took[data_.kind_of(slice)] += slice.took;
    std::vector<std::uint32_t> order(took.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, [&took](auto a, auto b) { return took[a] > took[b]; });
    std::vector<std::uint32_t> places(order.size());
    std::vector<std::string> kinds;
    for (const std::uint32_t kind : order) {
      places[kind] = static_cast<std::uint32_t>(kinds.size());
      kinds.push_back(std::move(data_.kinds[kind]));
    }
    data_.kinds = std::move(kinds);
    for (ReportName& name : data_.names) name.kind = places[name.kind];
  }

  void match_flows() {
    std::unordered_map<std::uint64_t, const End*> sent;
    sent.reserve(sent_.size());
    for (const End& end : sent_) sent.emplace(end.id, &end);
    for (const End& end : came_) {
      const auto found = sent.find(end.id);
      if (found != sent.end())
        data_.flows.push_back({found->second->at, end.at, found->second->rank, end.rank});
    }
    std::ranges::sort(data_.flows, {}, [](const ReportFlow& flow) { return std::pair(flow.to, flow.came); });
  }

  ReportData data_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> rows_;
  std::unordered_map<std::string, std::uint32_t> kinds_;
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> names_;
  std::map<std::string, std::pair<Moment, std::uint64_t>> begun_;
  std::vector<End> sent_, came_;
  bool brings_work_ = false;  // the message whose slice was just read; its arrow follows it
};

}  // namespace

ReportData read_report_data(const std::string& trace) { return ReportCollector().collect(trace); }

}  // namespace ramal::detail
