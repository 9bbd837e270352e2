import { html } from './html.ts';

/** What a person is asked of a program; `decision` is then `allow` or something else. */
export const DECISION = html`<button name="decision" value="allow">Let it in</button>
  <button name="decision" value="deny" class="quiet">Refuse</button>`;
