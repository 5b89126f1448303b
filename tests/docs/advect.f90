! One upwind step; a C++ block of (rows, columns) is here an array of (columns, rows).
subroutine advect(columns, rows, old, new, along, across, status) bind(c)
  use iso_c_binding
  integer(c_int64_t), value :: columns, rows
  real(c_double), intent(in) :: old(columns, rows)
  real(c_double), intent(out) :: new(columns, rows)
  real(c_double), value :: along, across
  integer(c_int), intent(out) :: status
  integer(c_int64_t) :: i, j

  status = merge(0, 1, along + across <= 1)
  new = old
  do j = 2, rows
    do i = 2, columns                            ! the first index is the one that is dense in memory
      new(i, j) = old(i, j) - along * (old(i, j) - old(i - 1, j)) - across * (old(i, j) - old(i, j - 1))
    end do
  end do
end subroutine advect
