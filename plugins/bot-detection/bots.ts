/**
 * Programs that call themselves bots, that are known for it, or that a library's default name gives away. Browsers, curl, wget and
 * python-requests are not among them, as in Kong.
 */
export const BOTS = new RegExp([
  // `Googlebot/2.1`, `AhrefsBot;`, `bot` at the end; the phones of CUBOT are none
  '(?<!cu)bots?(?:[/ ;:,+)_-]|$)',
  'spider|crawl|scrapy|scraper|slurp|archiver|indexer|nutch',
  // previews of links in other services
  'facebookexternalhit|facebookcatalog|meta-external|whatsapp/|embedly|iframely|link ?preview|bingpreview|vkshare|skypeuripreview|/web/snippet|pinterest/0',
  // what looks for faults and for content
  'mediapartners-google|adsbot|feedfetcher|google-read-aloud|chatgpt-user|anthropic-ai|cohere-ai|perplexity-user|nikto|sqlmap|masscan|zgrab|nuclei|wpscan|w3c_validator',
  // libraries
  'go-http-client|^axios|okhttp|reqwest|python-urllib|python-httpx|aiohttp|apache-httpclient|aws-sdk|boto3?/|botocore|unirest|libwww-perl|java/1\\.|httpunit|phantomjs|headlesschrome'
].join('|'), 'i')
