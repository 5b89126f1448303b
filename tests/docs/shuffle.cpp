#include <ramal/ramal.hpp>
#include <ramal/shuffle.hpp>
#include <algorithm>
#include <iostream>

struct Visit {
  int town;
  double minutes;
};

std::vector<Visit> visits_of_day(long day) {                       // a part: rows of any type that can travel
  std::vector<Visit> visits;
  for (long i = 0; i < 1000; ++i) visits.push_back({static_cast<int>((day + i * i) % 97), 0.5 * (i % 60)});
  return visits;
}
int town_of(const Visit& visit) { return visit.town; }             // the key
double longest(const std::vector<Visit>& visits) {                 // all visits of some towns
  double minutes = 0;
  for (const Visit& visit : visits) minutes = std::max(minutes, visit.minutes);
  return minutes;
}
double larger(double a, double b) { return std::max(a, b); }

std::vector<std::pair<int, double>> minutes_by_town(const std::vector<Visit>& visits) {
  std::vector<std::pair<int, double>> pairs;
  for (const Visit& visit : visits) pairs.emplace_back(visit.town, visit.minutes);
  return pairs;
}
double add(double a, double b) { return a + b; }
double median(const int&, std::vector<double> minutes) {           // all of a town at once
  std::nth_element(minutes.begin(), minutes.begin() + minutes.size() / 2, minutes.end());
  return minutes[minutes.size() / 2];
}

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    const auto days = ramal::family<visits_of_day>(365);
    const auto by_town = ramal::shuffle_by<town_of>(days, 20);     // 20 parts; each town is in one of them
    std::cout << session.compute(ramal::reduce<larger>(ramal::map<longest>(by_town))) << '\n';      // 29.5

    const auto sums = ramal::map_shuffle_reduce<minutes_by_town, add>(days, 20);
    const auto medians = ramal::map_shuffle_reduce<minutes_by_town, median>(days, 20);
    double all = 0, most = 0;
    for (const auto& part : session.compute(sums))
      for (const auto& [town, minutes] : part) all += minutes;
    for (const auto& part : session.compute(medians))
      for (const auto& [town, minutes] : part) most = std::max(most, minutes);
    std::cout << all << " minutes, " << most << '\n';              // 5.31075e+06 minutes, 14.5
  });
}
