//! Small dense matrices: enough for phase-type laws, routing and matrix-geometric solutions.

use crate::AnalyticError;

/// A dense matrix, rows first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Matrix {
    rows: usize,
    columns: usize,
    entries: Vec<f64>,
}

impl Matrix {
    pub(crate) fn zero(rows: usize, columns: usize) -> Self {
        Self { rows, columns, entries: vec![0.0; rows * columns] }
    }

    pub(crate) fn identity(n: usize) -> Self {
        let mut made = Self::zero(n, n);
        for i in 0..n {
            made.set(i, i, 1.0);
        }
        made
    }

    pub(crate) fn diagonal(values: &[f64]) -> Self {
        let mut made = Self::zero(values.len(), values.len());
        for (i, value) in values.iter().enumerate() {
            made.set(i, i, *value);
        }
        made
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn at(&self, row: usize, column: usize) -> f64 {
        self.entries[row * self.columns + column]
    }

    pub(crate) fn set(&mut self, row: usize, column: usize, value: f64) {
        self.entries[row * self.columns + column] = value;
    }

    pub(crate) fn add_to(&mut self, row: usize, column: usize, value: f64) {
        self.entries[row * self.columns + column] += value;
    }

    pub(crate) fn scaled(&self, factor: f64) -> Self {
        Self { entries: self.entries.iter().map(|x| x * factor).collect(), ..*self }
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        let entries = self.entries.iter().zip(&other.entries).map(|(a, b)| a + b).collect();
        Self { entries, ..*self }
    }

    pub(crate) fn minus(&self, other: &Self) -> Self {
        self.plus(&other.scaled(-1.0))
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        let mut made = Self::zero(self.rows, other.columns);
        for i in 0..self.rows {
            for k in 0..self.columns {
                let factor = self.at(i, k);
                for j in 0..other.columns {
                    made.add_to(i, j, factor * other.at(k, j));
                }
            }
        }
        made
    }

    /// Row vector times this matrix.
    pub(crate) fn left_times(&self, row: &[f64]) -> Vec<f64> {
        (0..self.columns).map(|j| (0..self.rows).map(|i| row[i] * self.at(i, j)).sum()).collect()
    }

    /// This matrix times a column vector.
    pub(crate) fn right_times(&self, column: &[f64]) -> Vec<f64> {
        (0..self.rows).map(|i| (0..self.columns).map(|j| self.at(i, j) * column[j]).sum()).collect()
    }

    pub(crate) fn transposed(&self) -> Self {
        let mut made = Self::zero(self.columns, self.rows);
        for i in 0..self.rows {
            for j in 0..self.columns {
                made.set(j, i, self.at(i, j));
            }
        }
        made
    }

    pub(crate) fn largest(&self) -> f64 {
        self.entries.iter().fold(0.0, |most, x| most.max(x.abs()))
    }

    /// Solves `self * x = right` by Gaussian elimination with partial pivoting.
    pub(crate) fn solve(&self, right: &[f64], what: &'static str) -> Result<Vec<f64>, AnalyticError> {
        let mut column = Self::zero(self.rows, 1);
        column.entries.copy_from_slice(right);
        Ok(self.solve_all(&column, what)?.entries)
    }

    /// Inverts this matrix.
    pub(crate) fn inverse(&self, what: &'static str) -> Result<Self, AnalyticError> {
        self.solve_all(&Self::identity(self.rows), what)
    }

    fn solve_all(&self, right: &Self, what: &'static str) -> Result<Self, AnalyticError> {
        let n = self.rows;
        let mut left = self.clone();
        let mut right = right.clone();
        // Rows of very different size (rates of 1e9 and 1e-9) must not look singular.
        for row in 0..n {
            let size = (0..n).fold(0.0f64, |most, column| most.max(left.at(row, column).abs()));
            if size == 0.0 || !size.is_finite() {
                return Err(AnalyticError::Singular { what });
            }
            left.divide_row(row, size);
            right.divide_row(row, size);
        }
        for pivot in 0..n {
            let best = (pivot..n)
                .max_by(|a, b| left.at(*a, pivot).abs().total_cmp(&left.at(*b, pivot).abs()))
                .expect("at least the pivot row is left");
            let size = left.at(best, pivot).abs();
            if size.is_nan() || size <= 4.0 * f64::EPSILON {
                return Err(AnalyticError::Singular { what });
            }
            left.swap_rows(pivot, best);
            right.swap_rows(pivot, best);
            for row in 0..n {
                if row != pivot {
                    let factor = left.at(row, pivot) / left.at(pivot, pivot);
                    if factor != 0.0 {
                        left.subtract_row(row, pivot, factor);
                        right.subtract_row(row, pivot, factor);
                    }
                }
            }
        }
        for row in 0..n {
            right.divide_row(row, left.at(row, row));
        }
        Ok(right)
    }

    fn swap_rows(&mut self, a: usize, b: usize) {
        for column in 0..self.columns {
            self.entries.swap(a * self.columns + column, b * self.columns + column);
        }
    }

    fn divide_row(&mut self, row: usize, by: f64) {
        for column in 0..self.columns {
            self.set(row, column, self.at(row, column) / by);
        }
    }

    fn subtract_row(&mut self, from: usize, row: usize, factor: f64) {
        for column in 0..self.columns {
            let value = self.at(row, column);
            self.add_to(from, column, -factor * value);
        }
    }
}

/// Sum of products.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_times_its_inverse_is_one() {
        let mut a = Matrix::zero(3, 3);
        for (place, value) in [0.0, 2.0, 1.0, 4.0, -1.0, 3.0, 0.5, 0.25, 8.0].iter().enumerate() {
            a.set(place / 3, place % 3, *value);
        }
        let product = a.times(&a.inverse("test").unwrap());
        assert!(product.minus(&Matrix::identity(3)).largest() < 1e-14);
    }

    #[test]
    fn rows_of_very_different_size_are_solved() {
        let found = Matrix::diagonal(&[1e12, 1e-12]).solve(&[2e12, 3e-12], "test").unwrap();
        assert_eq!(found, [2.0, 3.0]);
    }

    #[test]
    fn a_singular_system_is_refused() {
        let a = Matrix::zero(2, 2);
        assert_eq!(a.solve(&[1.0, 1.0], "test"), Err(AnalyticError::Singular { what: "test" }));
    }
}
