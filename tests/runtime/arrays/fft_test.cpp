// SPDX-License-Identifier: BSD-3-Clause
// Fourier transforms beside the sums that define them, in long double, and beside what numpy.fft gives.
#include "tests/runtime/arrays/said.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/fft.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace ramal::test {
namespace {

using Complex = std::complex<double>;

template <class T>
Array<T> array_of(const List<T>& elements, const Extents& shape, const Chunks& chunks = {}) {
  return from_memory(elements.data(), shape, chunks);
}
Complex scattered(const Extents& at) {
  std::uint64_t number = 17;
  for (const std::uint64_t i : at) number = number * 31 + i * 7;
  return {static_cast<double>(number * 2654435761 % 1009) / 1000 - 0.5,
          static_cast<double>(number * 40503 % 997) / 1000 - 0.5};
}

/// The greatest difference between elements of two blocks, as far as they have the same shape.
template <class T, class U>
double apart(const Block<T>& found, const Block<U>& expected) {
  EXPECT_EQ(found.shape(), expected.shape());
  if (found.shape() != expected.shape()) return INFINITY;
  double most = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    most =
        std::max(most, static_cast<double>(std::abs(Complex(found.data()[i]) - Complex(expected.data()[i]))));
  return most;
}
/// The sums that define a transform of n points along an axis; sign -1, or 1 for the inverse, both without a
/// factor.
Block<Complex> by_definition(const Block<Complex>& block, std::size_t axis, std::int64_t n, int sign) {
  using Wide = std::complex<long double>;
  Extents shape = block.shape();
  shape[axis] = static_cast<std::uint64_t>(n);
  Block<Complex> made(shape);
  const detail::Strip from(block.shape(), static_cast<std::int64_t>(axis));
  const auto points = static_cast<std::uint64_t>(n);
  for (std::uint64_t b = 0; b < from.before; ++b) {
    for (std::uint64_t j = 0; j < from.after; ++j) {
      for (std::uint64_t k = 0; k < points; ++k) {
        Wide sum = 0;
        for (std::uint64_t i = 0; i < std::min(points, from.length); ++i) {
          const long double turn = static_cast<long double>(i * k % points) / static_cast<long double>(n);
          const long double angle = 2 * std::numbers::pi_v<long double> * sign * turn;
          sum += Wide(block.data()[(b * from.length + i) * from.after + j]) *
                 Wide(std::cos(angle), std::sin(angle));
        }
        made.data()[(b * points + k) * from.after + j] = Complex(sum);
      }
    }
  }
  return made;
}
/// How arrays of (6, 5, 8) are cut.
const List<Chunks>& cuts() {
  static const List<Chunks> all{{},        {2, 5, 8},  {6, 2, 3},
                                {1, 1, 8}, {4, -1, 1}, Chunks({{1, 0, 3, 2}, {2, 3}, {5, 3}})};
  return all;
}

TEST(Fourier, AlongAnAxisIsTheSumThatDefinesIt) {
  on_all_engines([](Session& session) {
    for (const Chunks& chunks : cuts()) {
      const auto a = from_function<scattered>({6, 5, 8}, chunks);
      const Block<Complex> values = session.compute(a);
      for (std::int64_t axis = 0; axis < 3; ++axis) {
        for (const std::int64_t n : {1, 4, 5, 6, 8, 13}) {
          const auto d = static_cast<std::size_t>(axis);
          const auto [there, back] =
              session.compute(fft::fft(a, {.n = n, .axis = axis}),
                              fft::ifft(a, {.n = n, .axis = axis - 3, .norm = fft::Norm::forward}));
          EXPECT_LT(apart(there, by_definition(values, d, n, -1)), 1e-14);
          EXPECT_LT(apart(back, by_definition(values, d, n, 1)), 1e-14);
        }
      }
    }
  });
}

TEST(Fourier, OfRealNumbersIsHalfOfTheWhole) {
  on_all_engines([](Session& session) {
    for (const Chunks& chunks : cuts()) {
      const auto a = real(from_function<scattered>({6, 5, 8}, chunks));
      for (std::int64_t axis = 0; axis < 3; ++axis) {
        for (const std::int64_t n : {1, 2, 5, 8, 11}) {
          List<detail::IndexPart> part(3, all);
          part[static_cast<std::size_t>(axis)] = slice(n / 2 + 1);
          const auto half = fft::rfft(a, {.n = n, .axis = axis});
          const auto whole = fft::fft(a, {.n = n, .axis = axis});
          const Array<Complex> first(whole.state().indexed(part, {}));
          const auto padded = fft::ifft(whole, {.axis = axis});
          const auto [x, y, back, expected] =
              session.compute(half, first, fft::irfft(half, {.n = n, .axis = axis}), padded);
          EXPECT_LT(apart(x, y), 1e-14);
          EXPECT_LT(apart(back, expected), 1e-14) << n;
        }
      }
    }
  });
}

TEST(Fourier, AlongSeveralAxesIsOneAfterTheOther) {
  on_all_engines([](Session& session) {
    for (const Chunks& chunks : cuts()) {
      const auto a = from_function<scattered>({6, 5, 8}, chunks);
      Block<Complex> sums = session.compute(a);
      for (std::size_t d = 0; d < 3; ++d)
        sums = by_definition(sums, d, static_cast<std::int64_t>(sums.shape()[d]), -1);
      // Blocks that are kept are read where they lie, others are transformed in place.
      const auto kept = session.persist(a);
      const auto [of_kept, after] = session.compute(fft::fftn(kept, {.shape = {6, 4, 8}}), kept);
      EXPECT_EQ(of_kept, session.compute(fft::fftn(a, {.shape = {6, 4, 8}})));
      EXPECT_EQ(after, session.compute(a));
      const auto there = fft::fftn(a);
      const auto [all_axes, again, two, one] =
          session.compute(there, fft::ifftn(there), fft::fftn(a, {.axes = {0, -1}}),
                          fft::fft(fft::fft(a, {.axis = 2}), {.axis = 0}));
      EXPECT_LT(apart(all_axes, sums), 1e-13);
      EXPECT_LT(apart(again, session.compute(a)), 1e-15);
      EXPECT_EQ(two, one) << "to the bit";
      const auto x = real(a);
      const auto half = fft::rfftn(x, {.norm = fft::Norm::ortho});
      const auto [back, expected, first, full] =
          session.compute(fft::irfftn(half, {.norm = fft::Norm::ortho}), x, half,
                          fft::fftn(x, {.norm = fft::Norm::ortho})(ellipsis, slice(5)));
      EXPECT_LT(apart(back, expected), 1e-15);
      EXPECT_LT(apart(first, full), 1e-14);
    }
  });
}

template <class T>
void expect_same_bits(const Block<T>& found, const List<T>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  EXPECT_EQ(std::memcmp(found.data(), expected.data(), expected.size() * sizeof(T)), 0);
}

TEST(Fourier, HasTheSameBitsHoweverArraysAreCut) {
  List<Complex> there;
  List<std::complex<float>> single;
  List<double> back;
  on_all_engines([&](Session& session) {
    for (const Chunks& chunks : cuts()) {
      const auto a = from_function<scattered>({6, 5, 8}, chunks);
      // Lines of 5 and 7 floats begin where FFTW's vectors do not.
      const auto [x, y, z] =
          session.compute(fft::fftn(a), fft::fft(a.as<std::complex<float>>(), {.n = 7, .axis = 2}),
                          fft::irfftn(a, {.shape = {5, 9}}));
      if (there.empty()) there = elements(x), single = elements(y), back = elements(z);
      expect_same_bits(x, there);
      expect_same_bits(y, single);
      expect_same_bits(z, back);
    }
  });
}

TEST(Fourier, HasTheTypesOfNumPy) {
  SerialRanks serial;
  const auto n = arange<std::int16_t>(6, {4});
  static_assert(std::same_as<decltype(fft::fft(n)), Array<Complex>>);
  static_assert(std::same_as<decltype(fft::rfft(n > 2)), Array<Complex>>);
  const auto single = n.as<float>();
  static_assert(std::same_as<decltype(fft::fft(single)), Array<std::complex<float>>>);
  static_assert(std::same_as<decltype(fft::rfftn(single)), Array<std::complex<float>>>);
  static_assert(std::same_as<decltype(fft::irfft(single)), Array<float>>);
  static_assert(std::same_as<decltype(fft::irfftn(fft::fft(single))), Array<float>>);
  static_assert(std::same_as<decltype(fft::irfft(n)), Array<double>>);
  const auto [sums, floats, doubles] = serial.session().compute(fft::fft(n), fft::ifft(fft::fft(single)),
                                                                fft::irfft(fft::rfft(single)).as<double>());
  EXPECT_EQ(sums.data()[0], Complex(15));
  EXPECT_LT(apart(floats, serial.session().compute(single)), 1e-6);
  EXPECT_LT(apart(doubles, serial.session().compute(single)), 1e-6);
}

TEST(Fourier, OfLongLinesOfAnyLength) {
  SerialRanks serial;
  // 2^12, 3 * 5 * 7 * 11, and a prime; the second axis is longer than a panel.
  for (const std::uint64_t n : {4096, 1155, 1009}) {
    const auto a = from_function<scattered>({n, 37}, {500, 16});
    const Block<Complex> values = serial.session().compute(a);
    const auto [there, back] = serial.session().compute(fft::fft(a, {.axis = 0}), fft::ifftn(fft::fftn(a)));
    EXPECT_LT(apart(back, values), 1e-14);
    // Parseval's sum, and one frequency by its definition.
    long double before = 0, after = 0;
    for (const Complex& z : values) before += std::norm(z);
    for (const Complex& z : there) after += std::norm(z) / static_cast<double>(n);
    EXPECT_NEAR(static_cast<double>(after / before), 1, 1e-13);
    Complex sum = 0;
    for (std::uint64_t i = 0; i < n; ++i)
      sum += values(i, 20) * std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(i * 77 % n) /
                                                 static_cast<double>(n));
    EXPECT_LT(std::abs(there(77, 20) - sum), 1e-11);
  }
}

/// More lengths than plans are kept of.
TEST(Fourier, OfManyLengths) {
  ThreadedRanks threaded(2, 2);
  List<Delayed<Block<Complex>>> results;
  for (std::int64_t n = 1; n <= 150; ++n)
    results.push_back(fft::fft(ones<double>({3, 8}, {1, 8}), {.n = n}).gathered());
  for (std::size_t k = 0; k < results.size(); ++k) {
    const Block<Complex> block = threaded.session().compute(results[k]);
    EXPECT_NEAR(block(2, 0).real(), static_cast<double>(std::min<std::size_t>(k + 1, 8)), 1e-12);
  }
}

template <class A>
void expect_close(Session& session, const A& array, const List<typename A::value_type>& expected) {
  const auto found = session.compute(array);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_LT(std::abs(found.data()[i] - expected[i]), 2e-14) << i << " of " << expected.size();
}

/// Values by NumPy 1.24, of elements (37 i mod 23 - 11) / 4.
TEST(Fourier, IsAsByNumPy) {
  List<double> values(24);
  for (std::size_t i = 0; i < 24; ++i) values[i] = (static_cast<double>(i * 37 % 23) - 11) / 4;
  List<Complex> complex(5);
  for (std::size_t i = 0; i < 5; ++i) complex[i] = {values[i], values[i + 12]};
  on_all_engines([&](Session& session) {
    for (const std::int64_t width : {2, 24}) {
      const auto a = array_of(values, {2, 3, 4}, {1, width, 3});
      const auto x = array_of(values, {24}, {width})(slice(7));
      const auto c = array_of(complex, {5}, {width});
      const auto expect = [&](const auto& array, const auto& expected) {
        expect_close(session, array, expected);
      };
      expect(fft::fft(c), List<Complex>{{-1.75, 1.25},
                                        {-0.72642666604678, 2.75803958438445},
                                        {-4.55209190937162, -8.69333077698146},
                                        {-1.44790809062838, -0.86036465833044},
                                        {-5.27357333395322, 0.54565585092745}});  // fft(c5)
      expect(fft::fft(c, {.n = 7}), List<Complex>{{-1.75, 1.25},
                                                  {-2.84557916919663, 0.85335854851617},
                                                  {4.59092878895245, -1.7161901600554},
                                                  {-7.27336920359796, -6.67703708276252},
                                                  {-2.22737677267897, 0.70645857813611},
                                                  {-5.5395892796741, -2.47038874553612},
                                                  {-4.20501436380479, 1.05379886170176}});  // fft(c5, n=7)
      expect(fft::fft(c, {.n = 3, .axis = 0}),
             List<Complex>{{-3.5, 1.75},
                           {-0.42644284148501, -4.32355715851499},
                           {-4.32355715851499, -0.42644284148501}});  // fft(c5, n=3)
      expect(fft::fft(c, {.n = 1}), List<Complex>{{-2.75, -1.0}});    // fft(c5, n=1)
      expect(fft::ifft(c, {.n = 6, .norm = fft::Norm::ortho}),
             List<Complex>{{-0.71443450831176, 0.51031036307983},
                           {-1.87081075486511, 0.38456470409117},
                           {-1.42788728734074, -1.38516570744075},
                           {-2.95980010586301, 0.10206207261597},
                           {1.22376314210881, -2.79937926981385},
                           {-0.98692727838193, 0.73811809468445}});  // ifft(c5, n=6, ortho)
      expect(fft::ifft(c, {.norm = fft::Norm::forward}),
             List<Complex>{{-1.75, 1.25},
                           {-5.27357333395322, 0.54565585092745},
                           {-1.44790809062838, -0.86036465833044},
                           {-4.55209190937162, -8.69333077698146},
                           {-0.72642666604678, 2.75803958438445}});  // ifft(c5, forward)
      expect(fft::rfft(x), List<Complex>{{-3.25, 0.0},
                                         {-2.34550462975119, -1.75570845457932},
                                         {1.55557099043891, 2.43673655271608},
                                         {-7.21006636068772, -1.30328538516168}});  // rfft(x7)
      expect(fft::rfft(x, {.n = 4}),
             List<Complex>{{-1.5, 0.0}, {-1.25, 1.25}, {-7.0, 0.0}});  // rfft(x7, n=4)
      expect(fft::rfft(x, {.n = 8, .norm = fft::Norm::forward}),
             List<Complex>{{-0.40625, 0.0},
                           {-0.2020145654396, -0.15153882515367},
                           {-0.3125, 0.46875},
                           {-0.4229854345604, -0.77653882515367},
                           {-0.46875, 0.0}});                       // rfft(x7, n=8, forward)
      expect(fft::rfft(x, {.n = 1}), List<Complex>{{-2.75, 0.0}});  // rfft(x7, n=1)
      expect(fft::irfft(c(slice(4))),
             List<double>{-0.375, -1.2105232868024, -0.64951905283833, -1.54166666666667, 0.64951905283833,
                          0.37718995346907});  // irfft(c4)
      expect(fft::irfft(c(slice(4)), {.n = 7}),
             List<double>{-0.03571428571429, -1.05888062555907, -0.81027703014496, -0.6772568212688,
                          -1.28331644823266, 1.41401543306145, -0.29857022214169});  // irfft(c4, n=7)
      expect(fft::irfft(c(slice(4)), {.n = 3}),
             List<double>{-0.41666666666667, -2.61004233964073, 0.2767090063074});  // irfft(c4, n=3)
      expect(fft::irfft(c(slice(4)), {.n = 10, .norm = fft::Norm::ortho}),
             List<double>{-0.07905694150421, -1.04665759277928, -3.31906582771279, -1.37968197745321,
                          -0.73164999533863, -3.55756236768943, -1.57966412057166, 2.92894091819517,
                          1.36130510239577, -1.29317076300477});             // irfft(c4, n=10, ortho)
      expect(fft::irfft(c(slice(4)), {.n = 1}), List<double>{-2.75});        // irfft(c4, n=1)
      expect(fft::irfft(c(slice(4)), {.n = 2}), List<double>{-1.0, -1.75});  // irfft(c4, n=2)
      expect(fft::fft(a, {.axis = -2})(1), List<Complex>{{-1.25, 0.0},
                                                         {3.5, 0.0},
                                                         {2.5, 0.0},
                                                         {-4.25, 0.0},
                                                         {-0.875, -2.81458256229943},
                                                         {2.0, 2.1650635094611},
                                                         {-0.875, -2.81458256229943},
                                                         {-0.875, -2.81458256229943},
                                                         {-0.875, 2.81458256229943},
                                                         {2.0, -2.1650635094611},
                                                         {-0.875, 2.81458256229943},
                                                         {-0.875, 2.81458256229943}});  // fft(A, axis=-2)[1]
      expect(fft::fftn(a, {.shape = {3, 2}, .axes = {0, 2}})(all, 1),
             List<Complex>{{-2.0, 0.0},
                           {4.5, 0.0},
                           {-3.125, -0.64951905283833},
                           {1.125, -1.94855715851499},
                           {-3.125, 0.64951905283833},
                           {1.125, 1.94855715851499}});  // fftn(A, s=(3,2), axes=(0,2))[:, 1]
      expect(fft::fftn(a, {.shape = {2, 5}})(1),
             List<Complex>{{3.75, 0.0},
                           {-0.17274575140626, -4.30938253883265},
                           {-0.45225424859374, 3.25113013181636},
                           {-0.45225424859374, -3.25113013181636},
                           {-0.17274575140626, 4.30938253883265},
                           {-4.25, 0.0},
                           {2.54939020359332, -3.09093367795925},
                           {-6.67439020359332, -1.91030206995054},
                           {-6.67439020359332, 1.91030206995054},
                           {2.54939020359332, 3.09093367795925}});  // fftn(A, s=(2,5))[1]
      expect(fft::rfftn(a, {.axes = {2, 0}, .norm = fft::Norm::ortho})(all, 1),
             List<Complex>{{0.35355339059327, 0.0},
                           {-0.88388347648318, 0.88388347648318},
                           {3.18198051533946, 0.0},
                           {-0.88388347648318, -0.88388347648318},
                           {-2.47487373415292, 0.0},
                           {0.0, 0.0},
                           {0.0, 0.0},
                           {0.0, 0.0}});  // rfftn(A, axes=(2,0), ortho)[:, 1]
      expect(fft::rfftn(a)(1), List<Complex>{{-3.75, 0.0},
                                             {5.75, 11.5},
                                             {-5.75, 0.0},
                                             {0.0, 9.95929214352104},
                                             {-7.85464607176052, 7.85464607176052},
                                             {-5.75, 0.0},
                                             {0.0, -9.95929214352104},
                                             {2.10464607176052, -2.10464607176052},
                                             {-5.75, 0.0}});  // rfftn(A)[1]
      expect(fft::irfftn(a, {.shape = {3, 4}, .axes = {-2, -1}})(0),
             List<double>{-0.58333333333333, 0.16666666666667, 0.0, 0.16666666666667, -0.05208333333333,
                          0.12126058491018, -0.71875, -0.60042725157685, -0.05208333333333, -0.60042725157685,
                          -0.71875, 0.12126058491018});  // irfftn(A, s=(3,4), axes=(1,2))[0]
      expect(fft::irfftn(a)(1),
             List<double>{-0.39583333333333, -0.15972222222222, 0.47916666666667, -0.15972222222222,
                          0.47916666666667, -0.15972222222222, 0.0, -0.15972222222222, 0.0, -0.15972222222222,
                          0.0, -0.15972222222222, 0.0, -0.15972222222222, 0.0, -0.15972222222222, 0.0,
                          -0.15972222222222});  // irfftn(A)[1]
      expect(fft::fftshift(a)(0), List<double>{-0.5, -2.75, -1.75, 1.75, 0.25, -2.0, -1.0, 2.5, 2.75, 0.5,
                                               1.5, -0.75});  // fftshift(A)[0]
      expect(fft::ifftshift(a, 1)(1), List<double>{1.5, -0.75, 2.75, 0.5, -1.75, 1.75, -0.5, -2.75, -1.0, 2.5,
                                                   0.25, -2.0});  // ifftshift(A, 1)[1]
    }
  });
}

TEST(Fourier, HasFrequencies) {
  on_all_engines([](Session& session) {
    const auto at = [&](const auto& array) { return elements(session.compute(array)); };
    EXPECT_EQ(at(fft::fftfreq(4)), (List<double>{0, 0.25, -0.5, -0.25}));
    EXPECT_EQ(at(fft::fftfreq(5, 0.5, {2}) * 5), (List<double>{0, 2, 4, -4, -2}));
    EXPECT_EQ(at(fft::fftfreq(1)), (List<double>{0}));
    EXPECT_EQ(at(fft::rfftfreq(4, 2, {2})), (List<double>{0, 0.125, 0.25}));
    EXPECT_EQ(at(fft::rfftfreq(5)), (List<double>{0, 0.2, 0.4}));
    for (const std::int64_t n : {7, 8, 1})
      EXPECT_EQ(at(fft::ifftshift(fft::fftshift(arange<int>(n, {3})))), at(arange<int>(n)));
    EXPECT_EQ(at(fft::fftshift(fft::fftfreq(5) * 5)), (List<double>{-2, -1, 0, 1, 2}));
    EXPECT_EQ(session.compute(fft::fftshift(zeros<int>({0, 2}))).shape(), (Extents{0, 2}));
  });
}

TEST(Fourier, OfNothing) {
  on_all_engines([](Session& session) {
    EXPECT_EQ(session.compute(fft::fft(zeros<double>({0, 4}, {1, 2}))).shape(), (Extents{0, 4}));
    EXPECT_EQ(session.compute(fft::rfft(zeros<double>({4, 0}, {1, 2}), {.axis = 0})).shape(),
              (Extents{3, 0}));
    EXPECT_EQ(elements(session.compute(fft::fft(zeros<double>({2, 0}), {.n = 2}))), List<Complex>(4));
    EXPECT_EQ(elements(session.compute(fft::irfft(zeros<double>({2, 0}), {.n = 2}))), List<double>(4));
  });
}

TEST(Fourier, RefusesWhatDoesNotFit) {
  const auto a = zeros<double>({3, 0, 1});
  EXPECT_TRUE(contains(message([&] { fft::fft(a, {.axis = 1}); }),
                       "fft: invalid number of data points (0) along axis 1 of an array of shape (3, 0, 1)"));
  EXPECT_TRUE(contains(message([&] { fft::fft(a, {.n = 0, .axis = 0}); }), "number of data points (0)"));
  EXPECT_TRUE(contains(message([&] { fft::rfft(a, {.n = -1}); }), "number of data points (-1)"));
  EXPECT_TRUE(
      contains(message([&] { fft::irfft(a); }), "irfft: invalid number of data points (0) along axis 2"));
  EXPECT_TRUE(contains(message([&] { fft::fft(a, {.axis = 3}); }),
                       "fft: expected an axis of an array of 3, found 3"));
  EXPECT_TRUE(contains(message([&] { fft::fftn(a, {.axes = {0, -3}}); }), "axis -3 was named twice"));
  EXPECT_TRUE(contains(message([&] {
                         fft::fftn(a, {.shape = {2, 2}, .axes = {0}});
                       }),
                       "fftn: expected lengths for 1 axes, found 2"));
  EXPECT_TRUE(contains(message([&] {
                         fft::ifftn(a, {.shape = {1, 1, 1, 1}});
                       }),
                       "expected at most 3 lengths for an array of shape (3, 0, 1), found 4"));
  EXPECT_TRUE(contains(message([] { fft::rfftn(full<double>({}, 1)); }), "at least one axis"));
  EXPECT_TRUE(contains(message([] { fft::fftfreq(0); }), "fftfreq: invalid number of data points (0)"));
}

}  // namespace
}  // namespace ramal::test
