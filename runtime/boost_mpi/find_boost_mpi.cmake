# Sets RAMAL_HAS_BOOST_MPI: Boost.MPI is installed, and was built with the MPI that is found.

# ramal_library_file(target variable): where the library behind an imported target lies.
function(ramal_library_file target variable)
  get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
  foreach(suffix "" ${configurations})
    string(TOUPPER "_${suffix}" suffix)
    string(REGEX REPLACE "_$" "" suffix "${suffix}")
    get_target_property(file ${target} IMPORTED_LOCATION${suffix})
    if(file)
      break()
    endif()
  endforeach()
  set(${variable} "${file}" PARENT_SCOPE)
endfunction()

# Two MPIs in one process do not work. Where their types differ, a program does not link, as those are in the names of
# Boost.MPI's functions; else shared libraries say which MPI they need.
function(ramal_check_boost_mpi variable)
  find_package(Boost 1.74 QUIET COMPONENTS mpi serialization GLOBAL)
  if(NOT TARGET Boost::mpi OR NOT TARGET Boost::serialization)
    set(${variable} "no Boost.MPI is found (libboost-mpi-dev, or set BOOST_ROOT)" PARENT_SCOPE)
    return()
  endif()
  try_compile(RAMAL_BOOST_MPI_LINKS
    SOURCE_FROM_CONTENT probe.cpp "#include <boost/mpi/communicator.hpp>
      int main() { return boost::mpi::communicator(MPI_COMM_WORLD, boost::mpi::comm_attach).size(); }"
    COMPILE_DEFINITIONS -DOMPI_SKIP_MPICXX=1 -DMPICH_SKIP_MPICXX=1
    LINK_LIBRARIES Boost::mpi Boost::serialization MPI::MPI_C)
  set(problem "Boost.MPI was built with another MPI than the one that is found")
  if(NOT RAMAL_BOOST_MPI_LINKS)
    set(${variable} "${problem}: a program with both does not link" PARENT_SCOPE)
    return()
  endif()
  ramal_library_file(Boost::mpi boost_library)
  if(NOT CMAKE_READELF OR NOT boost_library OR NOT MPI_C_LIBRARIES)
    return()
  endif()
  list(GET MPI_C_LIBRARIES 0 mpi_library)
  execute_process(COMMAND ${CMAKE_READELF} -d ${boost_library} OUTPUT_VARIABLE of_boost ERROR_QUIET)
  execute_process(COMMAND ${CMAKE_READELF} -d ${mpi_library} OUTPUT_VARIABLE of_mpi ERROR_QUIET)
  if(of_boost MATCHES "NEEDED[^\n]*\\[(lib(mpi|mpich)\\.so[^]]*)\\]")
    set(needed ${CMAKE_MATCH_1})
    if(of_mpi MATCHES "SONAME[^\n]*\\[(lib(mpi|mpich)\\.so[^]]*)\\]" AND NOT CMAKE_MATCH_1 STREQUAL needed)
      set(${variable} "${problem}: it needs ${needed}, not ${CMAKE_MATCH_1}" PARENT_SCOPE)
    endif()
  endif()
endfunction()

set(RAMAL_HAS_BOOST_MPI OFF)
if(RAMAL_BOOST_MPI)  # AUTO counts as true
  set(ramal_boost_mpi_problem "")
  ramal_check_boost_mpi(ramal_boost_mpi_problem)
  if(NOT ramal_boost_mpi_problem)
    set(RAMAL_HAS_BOOST_MPI ON)
  elseif(RAMAL_BOOST_MPI STREQUAL "AUTO")
    message(STATUS "Leaving out runtime/boost_mpi: ${ramal_boost_mpi_problem}")
  else()
    message(FATAL_ERROR "RAMAL_BOOST_MPI is on, but ${ramal_boost_mpi_problem}.")
  endif()
endif()
