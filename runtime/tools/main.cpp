// SPDX-License-Identifier: BSD-3-Clause
// ramal: looks at what runs have left or are leaving in files. It needs no MPI and no running program.
#include "runtime/tools/top.hpp"
#include "runtime/watch/part_reader.hpp"
#include "runtime/watch/report.hpp"
#include "runtime/watch/trace_merge.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>

namespace {

using Arguments = std::span<char*>;
constexpr int failed_status = 1;
constexpr int refused_status = 2;

int refuse() {
  std::fprintf(stderr,
               "ramal top FILE [--once]      shows what the ranks of a run with RAMAL_STATUS=FILE are at\n"
               "ramal report FILE [-o PAGE]  makes of the trace FILE a page of HTML; FILE.html if not told\n"
               "ramal trace FILE             puts together what the ranks of a run had written of the trace\n"
               "                             RAMAL_TRACE=FILE before it died\n"
               "ramal why FOLDER             what held up a run with RAMAL_DUMP_DIR=FOLDER\n");
  return refused_status;
}

int top(Arguments arguments) {
  const bool once = arguments.size() == 2 && std::strcmp(arguments[1], "--once") == 0;
  if (arguments.size() != (once ? 2 : 1)) return refuse();
#ifdef RAMAL_HAS_TOP
  return ramal::tools::top(arguments[0], once);
#else
  throw std::runtime_error("top: this Ramal was built without nlohmann-json");
#endif
}

int trace(Arguments arguments) {
  if (arguments.size() != 1) return refuse();
  const auto merged = ramal::detail::merge_trace(arguments[0]);
  std::printf("%s: %llu tasks", merged.file.c_str(), static_cast<unsigned long long>(merged.tasks));
  if (!merged.missing.empty()) std::printf("; without %zu ranks", merged.missing.size());
  std::printf("\n");
  return 0;
}

/// run.json and run.json.gz as run.html. Where there are only the parts of ranks, first puts these together.
int report(Arguments arguments) {
  const bool is_named = arguments.size() == 3 && std::strcmp(arguments[1], "-o") == 0;
  if (arguments.size() != (is_named ? 3 : 1)) return refuse();
  const std::string trace = arguments[0];
  std::string page = is_named ? arguments[2] : trace;
  if (!is_named) {
    for (const char* ending : {".gz", ".json", ".trace", ".html"})
      if (page.ends_with(ending)) page.resize(page.size() - std::strlen(ending));
    page += ".html";
  }
  const bool died = !std::filesystem::exists(trace) && !ramal::detail::ranks_with_parts(trace).empty();
  if (died) ramal::detail::merge_trace(trace);
  const auto written = ramal::detail::write_report(trace, page);
  std::printf("%s: %llu tasks", page.c_str(), static_cast<unsigned long long>(written.tasks));
  if (written.kept < written.tasks)
    std::printf(", of which the longest %llu one by one", static_cast<unsigned long long>(written.kept));
  std::printf("\n");
  return 0;
}

/// Goes on as the script that is installed beside.
int why(Arguments arguments) {
  if (arguments.size() != 1) return refuse();
  const auto script = std::filesystem::read_symlink("/proc/self/exe").replace_filename("ramal-why");
  ::execl(script.c_str(), script.c_str(), arguments[0], static_cast<char*>(nullptr));
  throw std::runtime_error("why: " + script.string() + " cannot be run: " + std::strerror(errno));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Arguments arguments = Arguments(argv, static_cast<std::size_t>(argc)).subspan(argc > 0 ? 1 : 0);
    if (arguments.empty()) return refuse();
    if (std::strcmp(arguments[0], "top") == 0) return top(arguments.subspan(1));
    if (std::strcmp(arguments[0], "report") == 0) return report(arguments.subspan(1));
    if (std::strcmp(arguments[0], "why") == 0) return why(arguments.subspan(1));
    if (std::strcmp(arguments[0], "trace") == 0) return trace(arguments.subspan(1));
    return refuse();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ramal: %s\n", error.what());
    return failed_status;
  }
}
