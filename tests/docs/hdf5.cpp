#include <ramal/hdf5_write.hpp>
#include <ramal/ramal.hpp>
#include <algorithm>
#include <iostream>

using Field = ramal::Block<double>;

Field make(long row) { return Field::filled({10, 1000}, 280.0 + static_cast<double>(row), {10 * static_cast<std::uint64_t>(row), 0}); }
Field to_celsius(Field kelvin) {
  for (double& t : kelvin) t -= 273.15;
  return kelvin;
}
double warmest(const Field& field) { return *std::max_element(field.begin(), field.end()); }
double larger(double a, double b) { return std::max(a, b); }

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    const auto made = ramal::map<make>(std::vector<long>{0, 1, 2, 3});
    session.compute(ramal::write_hdf5("kelvin.h5", "/t", made, {.chunk = {10, 500}, .deflate = 4}));

    const auto kelvin = ramal::read_hdf5<double>("kelvin.h5", "/t");   // nothing is read yet
    const auto celsius = ramal::map<to_celsius>(kelvin.blocks());
    session.persist(celsius);
    session.compute(ramal::write_hdf5("celsius.h5", "/t", celsius, {.attributes = {{"units", "degC"}}}));
    std::cout << session.compute(ramal::reduce<larger>(ramal::map<warmest>(celsius))) << '\n';   // 9.85
  });
}
