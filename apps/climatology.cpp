// SPDX-License-Identifier: BSD-3-Clause
// Monthly means over all years of a variable in netCDF-4 files, and how far each time is from the mean of its
// month; as xarray's groupby("time.month") has them, missing values left out.
//
//   mpirun -n 4 climatology 'era5-*.nc' --variable t2m --output clim.nc --global-mean
//
// The data are read twice, once for the means and once for the anomalies, so that none of it has to stay in
// memory in between; the anomalies are appended in slabs of times. Rank 0 sees coordinates alone.
#include <ramal/array_groups.hpp>
#include <ramal/cf_time.hpp>
#include <ramal/hdf5_append.hpp>
#include <ramal/hdf5_scales.hpp>
#include <ramal/ramal.hpp>

#include <boost/program_options.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <numbers>
#include <optional>

namespace po = boost::program_options;

namespace {

using Field = ramal::Array<double>;
using Scales = std::vector<ramal::Hdf5Scale>;

struct Request {
  std::vector<std::string> files;
  std::string variable, output;
  double block_mib = 64, slab_mib = 4096;
  int deflate = 0;
  bool has_anomalies = true, has_global_mean = false;
};

/// A variable of several files, and where its elements are in space and time.
struct Data {
  std::string path, name;  ///< `/group/t2m`, `t2m`
  Field field;
  Scales scales;  ///< of the first file; along time of all
  std::size_t time;
  ramal::CfTimes times;
};

// --- coordinates ------------------------------------------------------------------------------------------

std::size_t find_scale(const Scales& scales, const std::string& what,
                       const std::function<bool(const ramal::Hdf5Scale&)>& is_it) {
  const auto found = std::ranges::find_if(scales, is_it);
  if (found == scales.end())
    throw std::runtime_error("climatology: the variable has no dimension with " + what);
  return static_cast<std::size_t>(found - scales.begin());
}
bool is_time(const ramal::Hdf5Scale& scale) { return scale.units.find(" since ") != std::string::npos; }
/// The names of CF conventions, section 4.1.
bool is_latitude(const ramal::Hdf5Scale& scale) {
  for (const char* units : {"degrees_north", "degree_north", "degree_N", "degrees_N", "degreeN", "degreesN"})
    if (scale.units == units) return true;
  return scale.name == "lat" || scale.name == "latitude";
}

Data open_data(const Request& request) {
  std::vector<std::string> files;
  for (const std::string& pattern : request.files) {
    const ramal::Hdf5Files some(pattern);
    files.insert(files.end(), some.paths().begin(), some.paths().end());
  }
  const std::string path = request.variable.starts_with('/') ? request.variable : '/' + request.variable;
  Scales scales = ramal::read_scales(files.front(), path);
  const std::size_t time = find_scale(scales, "units such as 'days since 1850-01-01'", is_time);
  ramal::CfTimes times = ramal::read_times(files, ramal::dimension_scales(files.front(), path)[time]);
  scales[time].values = ramal::encode_times(times.times, times.units, times.calendar);
  for (ramal::Hdf5Scale& scale : scales) scale.attributes.erase("bounds");  // which are not written
  const Field field =
      ramal::open_many_decoded(files, path, static_cast<std::int64_t>(time),
                               {.block_bytes = static_cast<std::uint64_t>(request.block_mib * (1 << 20))});
  if (field.shape()[time] != times.times.size())
    throw std::runtime_error("climatology: there are " + std::to_string(times.times.size()) + " times for " +
                             std::to_string(field.shape()[time]) + " elements of " + path);
  return {path, path.substr(path.rfind('/') + 1), field, std::move(scales), time, std::move(times)};
}

/// The months that there are, in order, and which of them each time is in.
struct Months {
  explicit Months(const ramal::CfTimes& times) : group(times.months()) {
    numbers = group;
    std::ranges::sort(numbers);
    numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
    for (std::int64_t& month : group) month = std::ranges::lower_bound(numbers, month) - numbers.begin();
  }
  std::vector<std::int64_t> group, numbers;
};

// --- what is computed --------------------------------------------------------------------------------------

/// The mean over all axes but time, of cells weighted by the cosine of their latitude. Cells without a value
/// have no weight.
Field global_mean(const Data& data) {
  const std::size_t latitude = find_scale(data.scales, "latitudes", is_latitude);
  std::vector<double> cosines;
  for (const double degrees : data.scales[latitude].values)
    cosines.push_back(std::cos(degrees * (std::numbers::pi / 180)));
  ramal::Extents shape = ramal::Extents::filled(data.field.dimensions(), 1);
  shape[latitude] = data.field.shape()[latitude];
  if (cosines.size() != shape[latitude])
    throw std::runtime_error("climatology: the latitudes have no values");
  const Field weights = ramal::from_memory(cosines.data(), shape);
  std::vector<std::int64_t> space;
  for (std::size_t d = 0; d < data.field.dimensions(); ++d)
    if (d != data.time) space.push_back(static_cast<std::int64_t>(d));
  const ramal::Axes axes(space);
  return (data.field * weights).nansum(axes) / where(isnan(data.field), 0.0, weights).sum(axes);
}

// --- what is written ---------------------------------------------------------------------------------------

std::map<std::string, ramal::Hdf5Value> attributes_of(const Request& request, const Data& data,
                                                      const std::string& suffix, const std::string& methods) {
  std::map<std::string, ramal::Hdf5Value> attributes{{"_FillValue", std::nan("")}, {"cell_methods", methods}};
  const std::string file = ramal::Hdf5Files(request.files.front()).paths().front();
  const auto units = ramal::read_hdf5_attribute<std::string>(file, data.path, "units");
  const auto name = ramal::read_hdf5_attribute<std::string>(file, data.path, "long_name");
  if (units) attributes["units"] = *units;
  attributes["long_name"] = name.value_or(data.name) + suffix;
  return attributes;
}

/// The means, and the series of global means if that is wanted, into a new file.
void write_means(ramal::Session& session, const Request& request, const Data& data, const Field& means,
                 const std::optional<Field>& series, const Months& months) {
  const std::string time = data.scales[data.time].name;
  Scales scales = data.scales;
  scales[data.time] = {
      "month", {months.numbers.begin(), months.numbers.end()}, "", {{"long_name", "month of the year"}}};
  std::vector<ramal::Hdf5Entry> entries;
  entries.emplace_back('/' + data.name + "_mean", means,
                       ramal::Hdf5WriteOptions{.attributes = attributes_of(request, data, ", monthly mean",
                                                                           time + ": mean within months " +
                                                                               time + ": mean over years"),
                                               .dimension_scales = scales});
  if (series)
    entries.emplace_back(
        '/' + data.name + "_global_mean", *series,
        ramal::Hdf5WriteOptions{.attributes = attributes_of(request, data, ", global mean", "area: mean"),
                                .dimension_scales = {data.scales[data.time]}});
  session.compute(ramal::write_hdf5(request.output, entries, {.attributes = {{"Conventions", "CF-1.8"}}}));
}

/// Some of the times, each less the mean of its month.
void append_anomalies(ramal::Session& session, const Request& request, const Data& data, const Field& means,
                      const Months& months, std::int64_t begin, std::int64_t end) {
  const auto axis = static_cast<std::int64_t>(data.time);
  const Field some = data.field.moveaxis(axis, 0)(ramal::slice(begin, end)).moveaxis(0, axis);
  const std::vector<std::int64_t> group(months.group.begin() + begin, months.group.begin() + end);
  const auto anomalies = some - ramal::take_groups(means, group, {.axis = axis, .chunks = some.chunks(axis)});
  Scales scales = data.scales;
  const std::vector<double>& times = data.scales[data.time].values;
  scales[data.time].values = {times.begin() + begin, times.begin() + end};
  session.compute(ramal::append_hdf5(
      request.output, '/' + data.name + "_anomaly", anomalies,
      {.axis = axis,
       .deflate = request.deflate,
       .dimension_scales = scales,
       .attributes = attributes_of(request, data, ", anomaly", data.scales[data.time].name + ": point")}));
}
/// In slabs of whole chunks, which all ranks together hold.
void write_anomalies(ramal::Session& session, const Request& request, const Data& data, const Field& means,
                     const Months& months) {
  const std::vector<std::int64_t> chunks = data.field.chunks(static_cast<std::int64_t>(data.time));
  const double length = std::max(1.0, static_cast<double>(months.group.size()));
  const double most = request.slab_mib * (1 << 20) / (static_cast<double>(data.field.bytes()) / length);
  std::int64_t begin = 0, end = 0;
  for (const std::int64_t chunk : chunks) {
    if (end > begin && static_cast<double>(end + chunk - begin) > most) {
      append_anomalies(session, request, data, means, months, begin, end);
      begin = end;
    }
    end += chunk;
  }
  append_anomalies(session, request, data, means, months, begin, end);
}

void analyse(ramal::Session& session, const Request& request) {
  const Data data = open_data(request);
  const Months months(data.times);
  std::cout << data.field.text() << '\n'
            << data.times.times.size() << " times in " << months.numbers.size() << " months of the year\n";
  const auto count = static_cast<std::int64_t>(months.numbers.size());
  const Field means =
      ramal::group_mean(data.field, months.group, count, {.axis = static_cast<std::int64_t>(data.time)});
  std::optional<Field> series;
  if (request.has_global_mean) series = global_mean(data);
  if (series)
    session.persist(means.blocks(), series->blocks());  // both by one reading
  else
    session.persist(means.blocks());
  write_means(session, request, data, means, series, months);
  if (request.has_anomalies) write_anomalies(session, request, data, means, months);
  std::cout << request.output << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  Request request;
  po::options_description visible(
      "usage: climatology FILES... --variable NAME --output FILE [options]\nOptions");
  visible.add_options()("help", "this text")                                                //
      ("variable", po::value(&request.variable), "the dataset, such as t2m or /group/t2m")  //
      ("output", po::value(&request.output), "write the results to this netCDF-4 file")     //
      ("no-anomalies", "the means alone")                                                   //
      ("global-mean", po::bool_switch(&request.has_global_mean),
       "also the mean over the globe at each time, weighted by the cosine of latitude")         //
      ("deflate", po::value(&request.deflate)->default_value(0), "compress anomalies, 1 to 9")  //
      ("block", po::value(&request.block_mib)->default_value(64), "MiB of a block")             //
      ("slab", po::value(&request.slab_mib)->default_value(4096),
       "MiB of anomalies that all ranks together hold at a time");
  po::options_description all;
  all.add(visible).add_options()("file", po::value(&request.files));
  po::positional_options_description positions;
  positions.add("file", -1);
  std::string problem;
  bool help = false;
  try {
    po::variables_map given;
    po::store(po::command_line_parser(argc, argv).options(all).positional(positions).run(), given);
    po::notify(given);
    help = given.contains("help");
    request.has_anomalies = !given.contains("no-anomalies");
    if (request.files.empty())
      problem = "expected files";
    else if (request.variable.empty())
      problem = "expected --variable";
    else if (request.output.empty())
      problem = "expected --output";
    if (!(request.block_mib > 0 && request.slab_mib > 0))
      problem = "--block, --slab: expected positive numbers of MiB";
    if (request.deflate < 0 || request.deflate > 9) problem = "--deflate: expected 0 to 9";
  } catch (const po::error& error) {
    problem = error.what();
  }
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    if (help) std::cout << visible << '\n';
    if (help) return 0;
    if (!problem.empty()) {
      std::cerr << "climatology: " << problem << "; see --help\n";
      return 2;
    }
    analyse(session, request);
    return 0;
  });
}
