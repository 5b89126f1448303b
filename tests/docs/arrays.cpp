#include <ramal/array.hpp>
#include <ramal/ramal.hpp>
#include <iostream>

double wave(const ramal::Extents& at) {
  return std::sin(0.01 * static_cast<double>(at[0])) * std::cos(0.02 * static_cast<double>(at[1]));
}

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    using ramal::all, ramal::slice;
    const auto field = ramal::from_function<wave>({1000, 800}, {250, 400});
    std::cout << field.text() << '\n';      // Array wave: shape (1000, 800), type double, 6.1 MiB in 8 chunks …

    const auto anomaly = field - field.mean(0);             // broadcast: the mean of each column
    const auto inner = anomaly(slice(1, -1), all);          // a view: without the first and last rows
    const auto rms = sqrt((inner * inner).mean());          // one pass over the blocks, and a tree

    const auto [low, high, size] = session.compute(anomaly.min(), anomaly.max(), rms);
    std::cout << low << " to " << high << ", rms " << size << '\n';      // -1.18417 to 1.18417, rms 0.474936

    const ramal::Block<double> corner = session.compute(anomaly(slice(2), slice(3)));
    std::cout << corner(1, 2) << '\n';      // -0.174038
  });
}
