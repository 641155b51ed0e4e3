import type { FederatedSchema } from '../federated-schema.ts';

/** What clients may not see and subgraphs still need. */
export const INACCESSIBLE_SCHEMAS: readonly FederatedSchema[] = [
  {
    name: 'patients: a hidden key and a hidden requirement',
    constructs: ['inaccessible field', '@requires'],
    subgraphs: {
      ward: `
        type Query { patients: [Patient!]! }
        type Patient @key(fields: "number") { number: ID! @inaccessible name: String age: Int @inaccessible }`,
      lab: `
        type Query { lab: String urgent: Patient }
        type Patient @key(fields: "number") {
          number: ID! age: Int @external
          dose: Int @requires(fields: "age") blood: String! }`,
    },
    world: () => {
      const patients = [
        { number: '1', name: 'Ann', age: 20, blood: 'A' },
        { number: '2', name: null, age: null, blood: '0' },
      ];
      return {
        query: { patients, lab: 'L', urgent: patients[1] },
        entities: { Patient: patients },
        computed: { Patient: { dose: ({ age }) => (age === null ? null : Number(age) * 2) } },
      };
    },
    queries: [
      { text: '{ patients { dose blood name } urgent { name dose } }' },
      { text: '{ patients { number: name age: blood } }' },
    ],
  },
  {
    name: 'agents: a hidden member of an interface',
    constructs: ['inaccessible type', 'interface', 'union'],
    subgraphs: {
      office: `
        type Query { agents: [Agent] open: [Agent] mixed: [Any] }
        interface Agent { id: ID! name: String }
        union Any = Clerk | Spy
        type Clerk implements Agent @key(fields: "id") { id: ID! name: String desk: Int }
        type Spy implements Agent @key(fields: "id") @inaccessible { id: ID! name: String cover: String }`,
      pay: `
        type Query { pay: Int }
        type Clerk @key(fields: "id") { id: ID! wage: Int! }
        type Spy @key(fields: "id") @inaccessible { id: ID! wage: Int! }`,
    },
    world: () => {
      const clerk = { id: '1', name: 'C', desk: 4, wage: 5 };
      const spy = { id: '2', name: 'S', cover: 'baker', wage: 9 };
      return {
        query: { agents: [clerk, spy, clerk], open: [clerk], mixed: [spy, clerk], pay: 1 },
        entities: { Clerk: [clerk], Spy: [spy] },
      };
    },
    queries: [
      { text: '{ open { id ... on Clerk { wage } } }' },
      { text: '{ agents { id name __typename } mixed { ... on Clerk { wage } } }' },
      { text: '{ mixed { __typename } }' },
    ],
  },
  {
    name: 'offers: hidden arguments, inputs and whole types',
    constructs: ['inaccessible type', 'inaccessible field', 'input object'],
    subgraphs: {
      offers: `
        type Query { offers(filter: Filter, internal: Int = 3 @inaccessible): [Offer!] secret: Secret @inaccessible }
        input Filter { text: String = "a" hidden: Int = 7 @inaccessible }
        type Offer @key(fields: "id") { id: ID! echo: String secret: Secret @inaccessible }
        type Secret @inaccessible { word: String }`,
      terms: `
        type Query { terms: String }
        type Offer @key(fields: "id") { id: ID! terms(of: Filter): String }
        input Filter { text: String = "a" hidden: Int = 7 @inaccessible }`,
    },
    world: () => {
      const terms = ({ of }: { of?: unknown }) =>
        of === undefined ? 'free' : Reflect.get(Object(of), 'text');
      const offers = [{ id: '1', echo: 'e', secret: { word: 'w' }, terms }];
      return {
        query: {
          offers: ({ filter }: { filter?: { text?: unknown } }) =>
            filter?.text === 'none' ? null : offers,
          secret: null,
          terms: 't',
        },
        entities: { Offer: offers },
      };
    },
    queries: [
      { text: '{ offers(filter: {}) { terms(of: { text: "b" }) echo free: terms } terms }' },
      {
        text: 'query ($f: Filter) { offers(filter: $f) { terms(of: $f) } }',
        variables: { f: { text: 'x' } },
      },
    ],
  },
];
