#include <ramal/boost_mpi.hpp>
#include <ramal/ramal.hpp>
#include <boost/serialization/base_object.hpp>
#include <boost/serialization/export.hpp>
#include <iostream>

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
  template <class Archive>
  void serialize(Archive&, unsigned) {}
};
struct Square : Shape {
  double side = 0;
  double area() const override { return side * side; }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive & boost::serialization::base_object<Shape>(*this) & side;
  }
};
BOOST_SERIALIZATION_ASSUME_ABSTRACT(Shape)
BOOST_CLASS_EXPORT(Square)                       // as ever with Boost, in a source with this header

using Shapes = std::vector<std::shared_ptr<Shape>>;

Shapes squares(long n) {
  Shapes made;
  for (long i = 1; i <= n; ++i) {
    auto one = std::make_shared<Square>();
    one->side = static_cast<double>(i + 1);
    made.push_back(one);
  }
  return made;
}
boost::optional<double> area(const Shapes& shapes) {
  double sum = 0;
  for (const auto& shape : shapes) sum += shape->area();
  return shapes.empty() ? boost::optional<double>() : sum;
}
double or_zero(const boost::optional<double>& area) { return area.value_or(0); }

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    const auto shapes = ramal::delayed<squares>.annotate({.rank = session.ranks() - 1})(2);
    std::cout << session.compute(ramal::delayed<or_zero>(ramal::delayed<area>.annotate({.rank = 0})(shapes))) << '\n';   // 13
  });
}
