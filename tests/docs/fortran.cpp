#include <ramal/ramal.hpp>
#include <iostream>
#include <numeric>

using Field = ramal::Block<double>;

extern "C" void advect(std::int64_t columns, std::int64_t rows, const double* old, double* next, double along, double across,
                       int* status);

Field make(long i) {
  Field field({6, 10});
  std::iota(field.begin(), field.end(), 100.0 * static_cast<double>(i));
  return field;
}
Field step(const Field& field, double along, double across) {
  Field next(field.shape());
  int status = 0;
  advect(static_cast<std::int64_t>(field.shape()[1]), static_cast<std::int64_t>(field.shape()[0]), field.data(), next.data(),
         along, across, &status);
  if (status != 0) throw std::invalid_argument("advect: the step is too long");   // becomes a TaskError
  return next;
}
double total(const Field& field) { return std::accumulate(field.begin(), field.end(), 0.0); }
double add(double a, double b) { return a + b; }

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    const auto fields = ramal::map<step>(ramal::map<make>(std::vector<long>{0, 1, 2, 3}), 0.5, 0.25);
    std::cout << session.compute(ramal::reduce<add>(ramal::map<total>(fields))) << '\n';   // 42540
  });
}
