/** What an RDS instance class has, by its name, and what follows from it; no calls. Figures: RDS User Guide, "DB instance classes". */

export interface ClassSize {
  readonly vcpu: number;
  readonly memoryGib: number;
}

/** GiB per vCPU of the classes whose sizes double from `large` (2 vCPU) on; the longest name that fits counts. */
const GIB_PER_VCPU: readonly (readonly [family: RegExp, gib: number])[] = [
  [/^r[34]$/, 7.625],
  [/^r[5-9]/, 8],
  [/^m[4-9]/, 4],
  [/^c\d/, 2],
  [/^z1d$/, 8],
  [/^x1$/, 15.25],
  [/^x1e$/, 30.5],
  [/^x2ie(dn|zn)$/, 32],
  [/^x(2g|2idn|8g)/, 16],
];

const BURSTABLE: Readonly<Record<string, ClassSize>> = {
  micro: { vcpu: 2, memoryGib: 1 },
  small: { vcpu: 2, memoryGib: 2 },
  medium: { vcpu: 2, memoryGib: 4 },
  large: { vcpu: 2, memoryGib: 8 },
  xlarge: { vcpu: 4, memoryGib: 16 },
  '2xlarge': { vcpu: 8, memoryGib: 32 },
};

/**
 * vCPUs and memory of a class such as `db.r5.2xlarge`.
 *
 * @returns undefined for a family or a size that is not known here: nothing is guessed
 */
export function sizeOf(instanceClass: string): ClassSize | undefined {
  const [, family = '', size = ''] = /^db\.([a-z]+\d[a-z]*)\.(\w+)$/.exec(instanceClass) ?? [];
  if (/^t[34]/.test(family)) {
    return BURSTABLE[size];
  }
  if (family === 't2') {
    const burstable = BURSTABLE[size];
    return burstable === undefined ? undefined : { ...burstable, vcpu: burstable.memoryGib <= 2 ? 1 : burstable.vcpu };
  }
  const gib = GIB_PER_VCPU.find(([pattern]) => pattern.test(family))?.[1];
  const [, times] = /^(\d*)xlarge$/.exec(size) ?? [];
  const vcpu = size === 'large' ? 2 : times === undefined ? undefined : 4 * (times === '' ? 1 : Number(times));
  return gib === undefined || vcpu === undefined ? undefined : { vcpu, memoryGib: vcpu * gib };
}

/** `4 vCPU, 32 GiB`. */
export function sizeText(size: ClassSize): string {
  return `${size.vcpu} vCPU, ${size.memoryGib} GiB`;
}

/** Whether a class has less memory or fewer vCPUs than another; undefined when that cannot be told. */
export function isSmaller(instanceClass: string, than: string): boolean | undefined {
  const [size, other] = [sizeOf(instanceClass), sizeOf(than)];
  return size === undefined || other === undefined ? undefined : size.memoryGib < other.memoryGib || size.vcpu < other.vcpu;
}

/** What RDS sets for PostgreSQL unless a parameter group says something else. */
const POSTGRES_DEFAULT_CONNECTIONS = 'LEAST({DBInstanceClassMemory/9531392},5000)';

/**
 * The value of a formula such as `LEAST({DBInstanceClassMemory/9531392},5000)` for a class: an upper bound, because RDS
 * takes its own share of the memory first.
 *
 * @returns undefined for another formula, or a class that is not known
 */
function formulaValue(formula: string, instanceClass: string): number | undefined {
  const [, divisor, ceiling] = /^\{DBInstanceClassMemory\/(\d+)\}$/.exec(formula) ?? /^LEAST\(\{DBInstanceClassMemory\/(\d+)\},\s*(\d+)\)$/.exec(formula) ?? [];
  const size = sizeOf(instanceClass);
  if (divisor === undefined || size === undefined) {
    return undefined;
  }
  return Math.min(Math.floor((size.memoryGib * 2 ** 30) / Number(divisor)), ceiling === undefined ? Infinity : Number(ceiling));
}

/** A limit and where it comes from. */
export interface ConnectionLimit {
  readonly value: number;
  readonly source: string;
  /** Whether it follows from the memory of the class, and rises and falls with it. */
  readonly computed: boolean;
}

/**
 * max_connections as the parameter group sets it, else as the formula gives it for the class: then an upper bound.
 *
 * @param parameter the value in the group; undefined when the group leaves it to RDS
 * @returns undefined when neither is known: then there is nothing to hold the connections against
 */
export function connectionLimit(parameter: string | undefined, { engine, parameterGroup }: { readonly engine: string; readonly parameterGroup: string }, instanceClass: string): ConnectionLimit | undefined {
  const value = parameter ?? (engine.includes('postgres') ? POSTGRES_DEFAULT_CONNECTIONS : '');
  if (/^\d+$/.test(value)) {
    return { value: Number(value), source: `parameter group ${parameterGroup}`, computed: false };
  }
  const computed = formulaValue(value, instanceClass);
  return computed === undefined ? undefined : { value: computed, source: `default formula for ${instanceClass}, an upper bound`, computed: true };
}
