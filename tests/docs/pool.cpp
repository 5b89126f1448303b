#include <ramal/ramal.hpp>
#include <cmath>
#include <iostream>

struct Piece {
  double from, to, area, error;
};

double simpson(double from, double to) {
  return (to - from) / 6 * (std::sqrt(from) + 4 * std::sqrt((from + to) / 2) + std::sqrt(to));
}
Piece integrate(double from, double to) {
  const double middle = (from + to) / 2;
  const double area = simpson(from, middle) + simpson(middle, to);
  return {from, to, area, std::abs(area - simpson(from, to))};
}

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    std::vector<ramal::Delayed<Piece>> first;
    for (int i = 0; i < 8; ++i) first.push_back(ramal::delayed<integrate>(i / 8.0, (i + 1) / 8.0));
    session.persist(first);

    double total = 0;
    long pieces = 0;
    auto done = session.as_completed(first);
    for (auto [index, handle] : done) {              // whichever is there first
      const Piece piece = session.compute(handle);   // throws what its task threw
      if (piece.error < 1e-10) {
        total += piece.area;
        ++pieces;
        continue;
      }
      const double middle = (piece.from + piece.to) / 2;
      const auto lower = ramal::delayed<integrate>(piece.from, middle);
      const auto upper = ramal::delayed<integrate>(middle, piece.to);
      session.persist(lower, upper);                 // they start at once
      done.add(lower);                               // and are waited for, too
      done.add(upper);
    }
    std::cout << total << " from " << pieces << " pieces\n";   // 0.666667 from 97 pieces
  });
}
