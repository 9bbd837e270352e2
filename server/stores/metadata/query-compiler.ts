import { type LimitNode, SqliteQueryCompiler } from 'kysely';

/**
 * SQLite plans a query anew whenever a limit is bound that the planner has looked at, which takes ten times as long as a
 * look-up. The `+` hides it.
 */
export class QueryCompiler extends SqliteQueryCompiler {
  protected override visitLimit(node: LimitNode): void {
    this.append('limit +');
    this.visitNode(node.limit);
  }
}
