import { type Html, html } from './html.ts';

/** A form that is posted here; `token` is of `FormTokens`. */
export const form = (action: string, token: string, content: Html): Html =>
  html`<form method="post" action="${action}">
    <input type="hidden" name="token" value="${token}" />
    ${content}
  </form>`;
