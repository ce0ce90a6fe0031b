/**
 * Roles that its policies and user mappings name. They belong to the server: the builder creates them and
 * they stay.
 */
export const ADVERSARIAL_ROLES = [
  'adversarial "odd" rôle',
  'adversarial_mapped',
  'adversarial_reader',
] as const
