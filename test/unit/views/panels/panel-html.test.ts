import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { PageData } from '../../../../src/protocol/panel.ts';
import { type PanelDocument, escapeHtml, panelHtml } from '../../../../src/views/panels/panel-html.ts';

const HOSTILE = '</title></script><script>alert(1)</script><!-- "quoted" \'single\' & \u2028 <img src=x onerror=alert(1)>';
const DATA: PageData = { subject: { incident: 'INC-1' }, asked: 0, language: { locale: 'en', translations: {} }, direction: 'ltr' };
const DOCUMENT: PanelDocument = {
  source: 'https://*.vscode-cdn.example', nonce: 'abcDEF-_123', script: 'https://host/overview.js', styles: ['https://host/codicon.css', 'https://host/overview.css'], title: 'Overview', data: DATA,
};

function data(html: string): unknown {
  return JSON.parse(/<script type="application\/json" id="data">([^<]*)<\/script>/.exec(html)?.[1] ?? assert.fail('no data'));
}

describe('the document of a panel', () => {
  it('lets only its own script run, its own styles apply, and nothing leave', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(panelHtml(DOCUMENT))?.[1]?.replaceAll('&#39;', "'");
    assert.equal(policy, "default-src 'none'; script-src 'nonce-abcDEF-_123'; style-src https://*.vscode-cdn.example; font-src https://*.vscode-cdn.example; img-src https://*.vscode-cdn.example data:; base-uri 'none'; form-action 'none'");
    assert.doesNotMatch(policy, /unsafe|connect-src|frame-src/);
  });

  it('has one script with the nonce, and nothing inline that runs or styles', () => {
    const html = panelHtml(DOCUMENT);
    assert.deepEqual(html.match(/<script[^>]*>/g), ['<script type="application/json" id="data">', '<script type="module" nonce="abcDEF-_123" src="https://host/overview.js">']);
    assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=/);
    assert.deepEqual(html.match(/<link[^>]*>/g), ['<link rel="stylesheet" href="https://host/codicon.css" id="vscode-codicon-stylesheet">', '<link rel="stylesheet" href="https://host/overview.css">']);
  });

  it('holds hostile titles, subjects and translations as text', () => {
    const hostile: PageData = { subject: { incident: HOSTILE, message: HOSTILE }, asked: 0, language: { locale: 'ar', translations: { [HOSTILE]: HOSTILE } }, direction: 'rtl' };
    const html = panelHtml({ ...DOCUMENT, title: HOSTILE, data: hostile });
    assert.equal(html.match(/<script/g)?.length, 2);
    assert.equal(html.match(/<\/script>/g)?.length, 2);
    assert.doesNotMatch(html, /<img|<!--/);
    assert.match(html, /<title>&#60;\/title&#62;&#60;\/script&#62;/);
    assert.deepEqual(data(html), hostile, 'and gives it to the page as it was');
  });

  it('cannot be left by an attribute', () => {
    const html = panelHtml({ ...DOCUMENT, script: 'x"><script>alert(1)</script>', styles: ["y' onload='alert(1)"], source: 'https://a"><b>', data: { ...DATA, language: { locale: 'en"><i>', translations: {} } } });
    assert.equal(html.match(/<script/g)?.length, 2);
    assert.doesNotMatch(html, /<b>|<i>|' onload/);
  });

  it('says in which language and direction it is', () => {
    assert.match(panelHtml(DOCUMENT), /^<!DOCTYPE html>\n<html lang="en" dir="ltr">/);
    assert.match(panelHtml({ ...DOCUMENT, data: { ...DATA, language: { locale: 'ar', translations: {} }, direction: 'rtl' } }), /<html lang="ar" dir="rtl">/);
  });

  it('escapes what means something in HTML', () => {
    assert.equal(escapeHtml(`<a href="x" title='y'>&amp;</a>`), '&#60;a href=&#34;x&#34; title=&#39;y&#39;&#62;&#38;amp;&#60;/a&#62;');
    assert.equal(escapeHtml('حادث 503'), 'حادث 503');
  });
});
