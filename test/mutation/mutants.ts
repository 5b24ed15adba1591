import {parseSync} from '@swc/core';

/** A small change to a source file that a test should notice. */
export interface Mutant {
  /** The file, relative to the repository. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 0. */
  readonly column: number;
  /** The line as it stands, without its indentation. */
  readonly text: string;
  /** What is changed, e.g. `at >= deadline → at > deadline`. */
  readonly mutation: string;
  /** The whole file with the change. */
  readonly apply: () => string;
}

interface Node {
  readonly type: string;
  readonly span: {readonly start: number; readonly end: number};
  readonly [key: string]: unknown;
}

/** How many characters of a longer expression are shown. */
const maxShown = 80;

/** What stands in place of an operator. */
const operators: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<='],
  '<=': ['<'],
  '>': ['>='],
  '>=': ['>'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '&&': ['||'],
  '||': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
  '||=': ['='],
  '??=': ['='],
  '++': ['--'],
  '--': ['++'],
};

/** The operators of which each operand may be dropped. */
const droppable: ReadonlySet<string> = new Set(['&&', '||', '??', '+', '-', '*', '/', '%', '**']);

const equalities: ReadonlySet<string> = new Set(['===', '!==']);

/** The only nodes of types that contain expressions. */
const typedExpressions: ReadonlySet<string> = new Set([
  'TsAsExpression',
  'TsNonNullExpression',
  'TsSatisfiesExpression',
]);

/** The mutants of a TypeScript file, in their order in it. */
export function findMutants(file: string, source: string): readonly Mutant[] {
  // The parser counts bytes, and the spans of a file begin at its first token: this is the one before all comments.
  // A program's first line becomes a comment, which may stand after it.
  const bytes = Buffer.from(`;${source.replace(/^#!/, '//')}`);
  const module = parseSync(bytes.toString(), {syntax: 'typescript', target: 'es2022'}) as unknown as Node;
  const {start: origin} = module.span;
  const lines = source.split('\n');
  const mutants: Mutant[] = [];

  const between = (start: number, end: number): string => bytes.subarray(start - origin, end - origin).toString();
  const textOf = ({span: {start, end}}: Node): string => between(start, end);
  const add = (node: Node, shown: string, replacement = shown, context = node): void => {
    const {start, end} = node.span;
    const before = between(origin + 1, start);
    const after = bytes.subarray(end - origin).toString();
    const inContext = (text: string): string => {
      return oneLine(between(context.span.start, start) + text + between(end, context.span.end));
    };
    const line = before.split('\n').length;
    mutants.push({
      file,
      line,
      column: before.length - before.lastIndexOf('\n') - 1,
      text: (lines[line - 1] ?? '').trim(),
      mutation: `${inContext(textOf(node))} → ${inContext(shown) || 'nothing'}`,
      apply: () => before + replacement + after,
    });
  };

  const mutateBinary = (node: Node): void => {
    const operator = String(node['operator']);
    const [left, right] = [textOf(node['left'] as Node), textOf(node['right'] as Node)];
    for (const other of operators[operator] ?? []) {
      add(node, `${left} ${other} ${right}`, `((${left}) ${other} (${right}))`);
    }
    if (droppable.has(operator)) for (const operand of [left, right]) add(node, operand, `(${operand})`);
  };

  const mutateAssignment = (node: Node): void => {
    const [left, right] = [textOf(node['left'] as Node), textOf(node['right'] as Node)];
    for (const other of operators[String(node['operator'])] ?? []) add(node, `${left} ${other} ${right}`);
  };

  const mutateUpdate = (node: Node): void => {
    const argument = textOf(node['argument'] as Node);
    for (const other of operators[String(node['operator'])] ?? []) {
      add(node, node['prefix'] === true ? other + argument : argument + other);
    }
  };

  const mutateNumber = (node: Node, parent: Node): void => {
    for (const step of [1, -1]) {
      const other = String(Number(node['value']) + step);
      // A number says little by itself.
      add(node, other, `(${other})`, textOf(parent).length < maxShown ? parent : node);
    }
  };

  const mutateCondition = (test: unknown): void => {
    if (!isNode(test)) return;
    // These have a mutant that says the same.
    if (test.type === 'BinaryExpression' && equalities.has(String(test['operator']))) return;
    if (test.type === 'UnaryExpression' && test['operator'] === '!') return;
    add(test, `!(${textOf(test)})`);
  };

  const mutate = (node: Node, parent: Node): void => {
    switch (node.type) {
      case 'BinaryExpression':
        mutateBinary(node);
        break;
      case 'AssignmentExpression':
        mutateAssignment(node);
        break;
      case 'UpdateExpression':
        mutateUpdate(node);
        break;
      case 'UnaryExpression':
        if (node['operator'] === '!') add(node, textOf(node['argument'] as Node));
        break;
      case 'NumericLiteral':
        mutateNumber(node, parent);
        break;
      case 'ExpressionStatement':
        if (isCall(node['expression'])) add(node, '', ';');
        break;
      case 'IfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'ForStatement':
      case 'ConditionalExpression':
        mutateCondition(node['test']);
        break;
      default:
    }
  };

  const visit = (value: unknown, parent: Node): void => {
    if (typeof value !== 'object' || value === null) return;
    if (isNode(value)) {
      if (value.type.startsWith('Ts') && !typedExpressions.has(value.type)) return;
      mutate(value, parent);
    }
    for (const [name, child] of Object.entries(value)) {
      // Neither types nor names hold anything to mutate, even where the name is a number.
      if (name !== 'typeAnnotation' && name !== 'key') visit(child, isNode(value) ? value : parent);
    }
  };
  visit(module, module);
  return mutants.sort((one, other) => one.line - other.line || one.column - other.column);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'span' in value;
}

/** Whether a statement's expression is a call, awaited or not; a constructor cannot do without the one of `super`. */
function isCall(expression: unknown): boolean {
  if (!isNode(expression)) return false;
  if (expression.type === 'CallExpression') return (expression['callee'] as Node).type !== 'Super';
  if (expression.type === 'OptionalChainingExpression') return (expression['base'] as Node).type === 'CallExpression';
  const inner = expression.type === 'AwaitExpression' || expression['operator'] === 'void';
  return inner && isCall(expression['argument']);
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > maxShown ? `${line.slice(0, maxShown)}…` : line;
}
