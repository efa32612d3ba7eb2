/** Owns: a plain table of figures that scrolls by itself where the screen is narrow. */
import type { ReactNode } from "react";

export interface Column<Row> {
  name: string;
  of: (row: Row) => ReactNode;
  /** Set to the right, in figures of one width. */
  number?: boolean;
}

export interface FigureTableProps<Row> {
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  keyOf: (row: Row) => string;
}

export function FigureTable<Row>({ caption, columns, rows, keyOf }: FigureTableProps<Row>) {
  const side = (column: Column<Row>) => (column.number ? "lc-number" : undefined);
  return (
    <div className="lc-scroll" role="region" aria-label={caption} tabIndex={0}>
      <table className="lc-table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" className={side(column)}>{column.name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => <td key={column.name} className={side(column)}>{column.of(row)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
