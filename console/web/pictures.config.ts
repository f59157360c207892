// The pictures of the README and the documents: `make pictures`.
import base from './playwright.config';

export default { ...base, testMatch: 'pictures.ts' };
