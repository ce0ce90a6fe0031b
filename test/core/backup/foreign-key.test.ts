import { expect, test } from 'vitest'
import { referencedTable } from '../../../src/core/backup/foreign-key.ts'

test.each([
  [
    'ALTER TABLE ONLY public.orders\n    ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);',
    { schema: 'public', name: 'users' },
  ],
  [
    'ALTER TABLE "a.b"."o""r"\n    ADD CONSTRAINT "x REFERENCES y.z(" FOREIGN KEY ("a, b", c) REFERENCES "S p"."T(""" (id)'.replace(
      '" (id)',
      '"(id) ON DELETE CASCADE',
    ),
    { schema: 'S p', name: 'T("' },
  ],
  ['ALTER TABLE ONLY public.orders\n    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);', undefined],
  ['', undefined],
])('reads the table that a foreign key points to: %j', (definition, table) => {
  expect(referencedTable(definition)).toEqual(table)
})
